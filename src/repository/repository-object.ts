/** The Durable Object of one repository: a shell that hands each call on to plain objects. */

import { DurableObject } from "cloudflare:workers";
import { type Config, LOCAL_REGISTRY, loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRepositoryPath } from "../oci/reference.ts";
import { type Outcome, settle } from "../outcome.ts";
import { ManifestStore } from "../store/manifest-store.ts";
import { RegistryClient } from "../upstream/registry-client.ts";
import { Database } from "./database.ts";
import type { LinkRecord, NewLink, OpenedLink } from "./link-record.ts";
import { Links } from "./links.ts";
import { LocalResolver } from "./local-resolver.ts";
import type { FoundBlob, ResolvedManifest, ResolveOptions, Resolver, Wanted } from "./resolution.ts";
import { UpstreamResolver } from "./upstream-resolver.ts";

const now = (): number => Date.now();

/** The parts that answer for one repository. */
interface Parts {
  readonly path: string;
  readonly resolver: Resolver;
  readonly links: Links;
}

/**
 * One repository, named by its path `registry/repository` (`idFromName(path)`). Every call passes that path, because an
 * object cannot tell its name from its id. Expected failures come back as {@link Outcome}s.
 */
export class RepositoryObject extends DurableObject<Env> {
  #parts: Parts | undefined;

  /** See {@link Resolver.resolve}; `registry-not-allowed` when the registry is not configured. */
  resolve(path: string, wanted: Wanted, options?: ResolveOptions): Promise<Outcome<ResolvedManifest>> {
    return settle(() => this.#open(path).resolver.resolve(wanted, options));
  }

  /** See {@link Resolver.blob}. */
  blob(path: string, digest: Digest): Promise<Outcome<FoundBlob | null>> {
    return settle(() => this.#open(path).resolver.blob(digest));
  }

  /** Keeps a new link; see {@link Links.create}. */
  createLink(path: string, link: NewLink): Promise<Outcome<null>> {
    return settle(() => {
      this.#open(path).links.create(link);
      return null;
    });
  }

  /** The links made for this repository, the newest first. */
  listLinks(path: string): Promise<Outcome<LinkRecord[]>> {
    return settle(() => this.#open(path).links.list());
  }

  /** Ends a link; `link-unknown` when there is no such link. */
  revokeLink(path: string, id: string): Promise<Outcome<null>> {
    return settle(() => {
      this.#open(path).links.revoke(id);
      return null;
    });
  }

  /** The blob behind a link, counting a download when it starts one; see {@link Links.open}. */
  openLink(path: string, id: string, options: { readonly counts: boolean }): Promise<Outcome<OpenedLink>> {
    return settle(() => this.#open(path).links.open(id, options));
  }

  #open(path: string): Parts {
    if (this.#parts?.path === path) return this.#parts;
    const config = loadConfig(this.env);
    const database = new Database(this.ctx.storage, path);
    this.#parts = {
      path,
      resolver: this.#resolver(config, database, path),
      links: new Links({ database, resumeMs: config.linkResumeSeconds * 1000, now }),
    };
    return this.#parts;
  }

  #resolver(config: Config, database: Database, path: string): Resolver {
    const { registry, repository } = parseRepositoryPath(path);
    if (registry === LOCAL_REGISTRY) return new LocalResolver(database, path);
    const upstream = config.upstreams.get(registry);
    if (upstream === undefined) {
      throw new RegistryError(
        "registry-not-allowed",
        `Cannot use registry "${registry}": it is not configured here`,
      );
    }
    return new UpstreamResolver({
      database,
      source: new RegistryClient(upstream, { idleMs: config.upstreamIdleMs }),
      manifests: new ManifestStore(this.env.BUCKET),
      path,
      repository,
      tagTtlMs: config.tagTtlMs,
      staleIfErrorMs: config.staleIfErrorMs,
      upstreamBudgetMs: config.upstreamBudgetMs,
      keepAlive: (work) => this.ctx.waitUntil(work),
      now,
    });
  }
}
