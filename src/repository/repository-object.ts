/** The Durable Object of one repository: a shell that hands each call on to plain objects. */

import { DurableObject } from "cloudflare:workers";
import { type Config, LOCAL_REGISTRY, loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { RegistryError } from "../errors.ts";
import type { BlobOffer } from "../blob/blob-state.ts";
import { callObject } from "../call-object.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRepositoryPath } from "../oci/reference.ts";
import { objectsOf } from "../objects.ts";
import { type Outcome, settle } from "../outcome.ts";
import { LocalCatalog } from "../store/local-catalog.ts";
import { ManifestStore } from "../store/manifest-store.ts";
import { RegistryClient } from "../upstream/registry-client.ts";
import { Database } from "./database.ts";
import type { OutgoingManifest } from "./destination.ts";
import type { LinkRecord, LinkUse, NewLink, OpenedLink } from "./link-record.ts";
import { Links } from "./links.ts";
import { LocalResolver } from "./local-resolver.ts";
import type { ReferrersPage } from "./local-manifests.ts";
import { LocalRepository } from "./local-repository.ts";
import { type MemberManifest, Membership } from "./membership.ts";
import type {
  LookupOptions,
  FoundBlob,
  ResolvedManifest,
  ResolveOptions,
  Resolver,
  Wanted,
} from "./resolution.ts";
import { Tags } from "./tags.ts";
import { UpstreamResolver } from "./upstream-resolver.ts";

const now = (): number => Date.now();

/** The parts that answer for one repository. */
interface Parts {
  readonly path: string;
  readonly resolver: Resolver;
  readonly links: Links;
  readonly tags: Tags;
  readonly membership: Membership;
  /** Of a repository that the service stores itself. */
  readonly local: LocalRepository | undefined;
  /** Of any other. */
  readonly upstream: UpstreamResolver | undefined;
}

/**
 * One repository, named by its path `registry/repository` (`idFromName(path)`). Every call passes that path, because an
 * object cannot tell its name from its id. Expected failures come back as {@link Outcome}s.
 */
export class RepositoryObject extends DurableObject<Env> {
  #parts: Parts | undefined;

  /** See {@link Resolver.resolve}; `registry-not-allowed` when the registry is not configured. */
  resolve(path: string, wanted: Wanted, options?: ResolveOptions): Promise<Outcome<ResolvedManifest>> {
    return settle(async () => {
      const { resolver, membership } = this.#open(path);
      const resolved = await resolver.resolve(wanted, options);
      return { ...resolved, blobTimes: membership.timesOf(resolved.digest) };
    });
  }

  /** See {@link Resolver.blob}. */
  blob(path: string, digest: Digest, options?: LookupOptions): Promise<Outcome<FoundBlob | null>> {
    return settle(() => this.#open(path).resolver.blob(digest, options));
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
  openLink(path: string, id: string, use: LinkUse): Promise<Outcome<OpenedLink>> {
    return settle(() => this.#open(path).links.open(id, use));
  }

  /** See {@link UpstreamResolver.expect}. */
  expect(path: string, wanted: Wanted): Promise<Outcome<void>> {
    return settle(() => this.#open(path).upstream?.expect(wanted));
  }

  /** See {@link UpstreamResolver.forgetDeleted}. */
  forgetDeleted(path: string, wanted: Wanted): Promise<Outcome<void>> {
    return settle(() => this.#open(path).upstream?.forgetDeleted(wanted));
  }

  /** See {@link UpstreamResolver.forgetMembers}. */
  forgetMembers(path: string, digests: readonly Digest[]): Promise<Outcome<void>> {
    return settle(() => this.#open(path).upstream?.forgetMembers(digests));
  }

  /** See {@link LocalRepository.beginPush}. */
  beginPush(path: string): Promise<Outcome<number>> {
    return settle(() => this.#local(path).beginPush());
  }

  /** See {@link LocalRepository.takeBlob}. */
  takeBlob(path: string, offer: BlobOffer): Promise<Outcome<{ readonly fillId: string }>> {
    return settle(() => this.#local(path).takeBlob(offer));
  }

  /** See {@link LocalRepository.holdBlob}. */
  holdBlob(path: string, digest: Digest, sizeBytes: number): Promise<Outcome<boolean>> {
    return settle(() => this.#local(path).holdBlob(digest, sizeBytes));
  }

  /** See {@link LocalRepository.putManifest}. */
  putManifest(path: string, push: OutgoingManifest): Promise<Outcome<MemberManifest>> {
    return settle(() => this.#local(path).putManifest(push));
  }

  /** Takes away a tag, or a manifest and all of its tags; see {@link LocalRepository}. */
  delete(path: string, wanted: Wanted): Promise<Outcome<void>> {
    return settle(() => {
      const local = this.#local(path);
      return "tag" in wanted ? local.deleteTag(wanted.tag) : local.deleteManifest(wanted.digest);
    });
  }

  /** See {@link LocalRepository.deleteBlob}. */
  deleteBlob(path: string, digest: Digest): Promise<Outcome<void>> {
    return settle(() => this.#local(path).deleteBlob(digest));
  }

  /** The tags of a repository that the service stores itself; `repository-unknown` where it holds nothing. */
  listTags(path: string, last: string, limit: number): Promise<Outcome<string[]>> {
    return settle(() => {
      if (!this.#local(path).manifests.any()) throw unknownRepository(path);
      return this.#open(path).tags.list(last, limit);
    });
  }

  /** See {@link LocalManifests.referrers}. */
  referrers(
    path: string,
    subject: Digest,
    page: { readonly artifactType?: string | undefined; readonly last: string; readonly limit: number },
  ): Promise<Outcome<ReferrersPage>> {
    return settle(() => this.#local(path).manifests.referrers(subject, page));
  }

  /** See {@link LocalRepository.collect}. */
  override async alarm(): Promise<void> {
    const path = Database.pathOf(this.ctx.storage);
    if (path !== undefined) await this.#open(path).local?.collect();
  }

  /** @throws {RegistryError} `unsupported` for a repository that an upstream has */
  #local(path: string): LocalRepository {
    const { local } = this.#open(path);
    if (local !== undefined) return local;
    throw new RegistryError("unsupported", `Cannot keep "${path}" here: an upstream registry has it`);
  }

  #open(path: string): Parts {
    if (this.#parts?.path === path) return this.#parts;
    const config = loadConfig(this.env);
    const database = new Database(this.ctx.storage, path);
    const isLocal = parseRepositoryPath(path).registry === LOCAL_REGISTRY;
    const local = isLocal ? this.#makeLocal(config, database, path) : undefined;
    const upstream = isLocal ? undefined : this.#makeUpstream(config, database, path);
    const resolver = upstream ?? (local && new LocalResolver(database, path, local));
    if (resolver === undefined) throw new Error(`Cannot open repository "${path}": nobody keeps it`);
    this.#parts = {
      path,
      resolver,
      local,
      upstream,
      links: new Links({ database, resumeMs: config.linkResumeSeconds * 1000, now }),
      tags: new Tags(database),
      membership: new Membership(database),
    };
    return this.#parts;
  }

  #makeLocal(config: Config, database: Database, path: string): LocalRepository {
    const { BUCKET: bucket } = this.env;
    const { blobs } = objectsOf(this.env);
    const { storage } = this.ctx;
    return new LocalRepository({
      database,
      path,
      blobs: {
        adopt: (offer, pin) => callObject(() => blobs.getByName(offer.digest).adopt(offer, pin)),
        pin: (digest, pin) => callObject(() => blobs.getByName(digest).pin(digest, pin)),
        unpin: (digest, pin) => callObject(() => blobs.getByName(digest).unpin(pin)),
      },
      store: (digest, mediaType, bytes) => new ManifestStore(bucket).put(digest, mediaType, bytes),
      list: (listed) => new LocalCatalog(bucket).set(path, listed),
      wakeBy: async (timeMs) => {
        const set = await storage.getAlarm();
        if (set === null || set > timeMs) await storage.setAlarm(timeMs);
      },
      quotaBytes: config.localQuotaBytes,
      linkResumeMs: config.linkResumeSeconds * 1000,
      now,
    });
  }

  #makeUpstream(config: Config, database: Database, path: string): UpstreamResolver {
    const { registry, repository } = parseRepositoryPath(path);
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

function unknownRepository(path: string): RegistryError {
  return new RegistryError("repository-unknown", `Cannot find repository "${path}": it holds nothing`);
}
