/** Verified manifests in R2, byte for byte as they were received. */

import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { ByteCache } from "./byte-cache.ts";
import { manifestKey } from "./keys.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** A stored manifest. */
export interface StoredManifest {
  readonly bytes: Uint8Array;
  /** The media type it was stored under, without parameters. */
  readonly mediaType: string;
  /** When it was stored, in milliseconds since 1970. */
  readonly storedMs: number;
}

/** An isolate has 128 MB for everything (developers.cloudflare.com/workers/platform/limits); most manifests are small. */
const CACHE_LIMITS = { totalBytes: 8 * 1024 * 1024, entryBytes: 256 * 1024 };

/** What this isolate has read, by bucket: a digest's manifest never changes, and who may have it is asked elsewhere. */
const caches = new WeakMap<R2Bucket, ByteCache<StoredManifest>>();

function cacheOf(bucket: R2Bucket): ByteCache<StoredManifest> {
  const cache = caches.get(bucket) ?? new ByteCache<StoredManifest>(CACHE_LIMITS);
  caches.set(bucket, cache);
  return cache;
}

/** Reads and writes manifests. */
export class ManifestStore {
  readonly #bucket: SteadyBucket;
  readonly #cache: ByteCache<StoredManifest>;

  constructor(bucket: R2Bucket) {
    this.#bucket = new SteadyBucket(bucket);
    this.#cache = cacheOf(bucket);
  }

  /** A manifest by its digest, or `null` when it is not stored. */
  async get(digest: Digest): Promise<StoredManifest | null> {
    const cached = this.#cache.get(digest);
    if (cached !== undefined) return cached;
    const stored = await this.#bucket.read(manifestKey(digest));
    if (stored === null) return null;
    const { object, bytes } = stored;
    const manifest = {
      bytes,
      mediaType: object.httpMetadata?.contentType ?? "application/octet-stream",
      storedMs: object.uploaded.getTime(),
    };
    this.#cache.set(digest, manifest);
    return manifest;
  }

  /** Whether a manifest is stored. */
  async has(digest: Digest): Promise<boolean> {
    return (await this.#bucket.head(manifestKey(digest))) !== null;
  }

  /**
   * Stores a manifest that the caller has checked.
   * R2 hashes the bytes again: a mistake here would poison every repository that shares them.
   * @throws {Error} when the bytes do not match the digest.
   */
  async put(digest: Digest, mediaType: string, bytes: Uint8Array): Promise<void> {
    await this.#bucket.put(manifestKey(digest), bytes, {
      httpMetadata: { contentType: mediaType },
      [digestAlgorithm(digest)]: digestHex(digest),
    });
    this.#cache.set(digest, { bytes, mediaType, storedMs: Date.now() });
  }
}
