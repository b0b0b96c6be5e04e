/**
 * Reading a repository with credentials that the request itself brought. Whether they suffice is for the upstream to say,
 * each time; nothing that they open is recorded for others, though the bytes may be shared.
 */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { ManifestStore, StoredManifest } from "../store/manifest-store.ts";
import type { FetchedManifest, RegistryClient } from "../upstream/registry-client.ts";
import { checkedManifest, expectDigest } from "./checked-manifest.ts";
import {
  type FoundBlob,
  type ResolvedManifest,
  type Resolver,
  type Wanted,
  referenceOf,
} from "./resolution.ts";

/** Where manifests are kept, and since when, where the store can tell. */
export type LentShelf = Pick<ManifestStore, "get" | "put">;

/** What a {@link LentRepository} works with. */
export interface LentRepositoryOptions {
  /** A client that sends the lent credentials and no others. */
  readonly client: Pick<RegistryClient, "headManifest" | "getManifest" | "headBlob">;
  readonly manifests: LentShelf;
  /** `registry/repository`, for messages. */
  readonly path: string;
  /** The repository's name on the upstream. */
  readonly repository: string;
  /** @default Date.now */
  readonly now?: () => number;
}

/** A repository as one caller may see it: made for one request, in the Worker that serves it. */
export class LentRepository implements Pick<Resolver, "resolve"> {
  readonly #options: LentRepositoryOptions;

  constructor(options: LentRepositoryOptions) {
    this.#options = options;
  }

  /**
   * Finds the manifest that a tag or digest names, and makes sure that it is stored.
   * @throws {RegistryError} what the upstream answered to these credentials; never a stale answer.
   */
  async resolve(wanted: Wanted): Promise<ResolvedManifest> {
    const { client, manifests, path, repository, now = Date.now } = this.#options;
    const head = await client.headManifest(repository, referenceOf(wanted));
    if ("digest" in wanted) expectDigest(path, wanted.digest, head.digest);
    const { digest } = head;
    const stored = await manifests.get(digest);
    // Its type by the word of this repository: another that has the same bytes may call them something else.
    const { bytes, mediaType } =
      stored === null
        ? await this.#store(digest, head.fetched)
        : { bytes: stored.bytes, mediaType: parseManifest(stored.bytes, head.mediaType).mediaType };
    const nowMs = now();
    return {
      digest,
      mediaType,
      sizeBytes: bytes.byteLength,
      // No table of this repository may be asked, so the nearest lasting time stands in.
      firstNamedMs: stored?.storedMs ?? nowMs,
      freshness: "fresh",
      checkedAtMs: nowMs,
    };
  }

  /**
   * A blob that the upstream shows to these credentials in this repository, or `null` when it shows none.
   * No manifest is at hand to tell a type, a time or a name.
   * @throws {RegistryError} `upstream-denied`, or why the upstream could not answer.
   */
  async blob(digest: Digest): Promise<FoundBlob | null> {
    try {
      const { sizeBytes } = await this.#options.client.headBlob(this.#options.repository, digest);
      return { sizeBytes, mediaType: "application/octet-stream" };
    } catch (error) {
      if (error instanceof RegistryError && error.code === "blob-unknown") return null;
      throw error;
    }
  }

  async #store(digest: Digest, offered: FetchedManifest | undefined): Promise<StoredManifest> {
    const { client, manifests, path, repository } = this.#options;
    const fetched = offered ?? (await client.getManifest(repository, digest));
    const { bytes, mediaType } = checkedManifest(path, digest, fetched);
    await manifests.put(digest, mediaType, bytes);
    return { bytes, mediaType, storedMs: (this.#options.now ?? Date.now)() };
  }
}
