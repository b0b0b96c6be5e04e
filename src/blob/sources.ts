/** Where a fill gets its bytes from: each repository that somebody asked for the blob in, one after the other. */

import type { Config } from "../config.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type BlobLocation, RegistryClient } from "../upstream/registry-client.ts";
import type { BlobSource } from "./blob-state.ts";
import type { OpenRange } from "./upstream-cursor.ts";

/** Repositories remembered for one blob. */
const MAX_SOURCES = 4;

/** Answers that say something about one repository, not about the blob: another one may have it. */
const NOT_HERE: ReadonlySet<ErrorCode> = new Set([
  "blob-unknown",
  "image-unknown",
  "repository-unknown",
  "upstream-denied",
  "registry-not-allowed",
]);

/** The repositories that a blob can be fetched from, best first. */
export class BlobSources {
  readonly #config: Config;
  /** Replaced as a whole, never changed, so that a walk through it goes on undisturbed. */
  #sources: readonly { readonly source: BlobSource; readonly location: BlobLocation }[] = [];

  /** @param sources best first; more than can be remembered, or the same twice, are left out */
  constructor(config: Config, sources: readonly BlobSource[] = []) {
    this.#config = config;
    for (const source of sources) {
      if (this.#sources.length < MAX_SOURCES && !this.has(source)) this.add(source);
    }
  }

  /** Whether a repository is one of them, read with credentials of the same kind. */
  has(source: BlobSource): boolean {
    return this.#sources.some((known) => isSame(known.source, source));
  }

  /**
   * Adds a repository. The same one read with lent credentials is another source, since either may be refused what the
   * other is not; credentials that are lent anew replace those lent before.
   */
  add(source: BlobSource): void {
    const others = this.#sources.filter((known) => !isSame(known.source, source));
    if (others.length < this.#sources.length && source.credentials === undefined) return;
    this.#sources = [...others, { source, location: {} }].slice(-MAX_SOURCES);
  }

  /** What may be stored: repositories that the service's own credentials read, without any credentials. */
  storable(): BlobSource[] {
    return this.#sources
      .filter(({ source }) => source.credentials === undefined)
      .map(({ source: { registry, repository } }) => ({ registry, repository }));
  }

  /**
   * Opens ranges of the blob at the first repository that sends them. Where none does, the failure that may pass is
   * told rather than that a repository lacks the blob.
   */
  opener(digest: Digest): OpenRange {
    return async (startBytes, endBytes, signal) => {
      let refusal = new RegistryError(
        "blob-unknown",
        `Cannot fetch blob "${digest}": no repository is known to have it`,
      );
      for (const entry of this.#sources) {
        try {
          const client = this.#client(entry.source);
          const range = { startBytes, endBytes, signal, location: entry.location };
          return await client.openBlob(entry.source.repository, digest, range);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof RegistryError)) throw error;
          if (NOT_HERE.has(refusal.code)) refusal = error;
        }
      }
      throw refusal;
    };
  }

  #client({ registry, credentials }: BlobSource): RegistryClient {
    const upstream = this.#config.upstreams.get(registry);
    if (upstream === undefined) {
      throw new RegistryError(
        "registry-not-allowed",
        `Cannot fetch from registry "${registry}": it is not configured any more`,
      );
    }
    return new RegistryClient(upstream, {
      idleMs: this.#config.upstreamIdleMs,
      ...(credentials === undefined ? {} : { credentials }),
    });
  }
}

function isSame(a: BlobSource, b: BlobSource): boolean {
  const lent = a.credentials !== undefined;
  return a.registry === b.registry && a.repository === b.repository && lent === (b.credentials !== undefined);
}
