/** Verified manifests in R2, byte for byte as they were received. */

import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { manifestKey } from "./keys.ts";

/** A stored manifest. */
export interface StoredManifest {
  readonly bytes: Uint8Array;
  /** The media type it was stored under, without parameters. */
  readonly mediaType: string;
  /** When it was stored, in milliseconds since 1970. */
  readonly storedMs: number;
}

/** Reads and writes manifests. */
export class ManifestStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** A manifest by its digest, or `null` when it is not stored. */
  async get(digest: Digest): Promise<StoredManifest | null> {
    const object = await this.#bucket.get(manifestKey(digest));
    if (object === null) return null;
    return {
      bytes: new Uint8Array(await object.arrayBuffer()),
      mediaType: object.httpMetadata?.contentType ?? "application/octet-stream",
      storedMs: object.uploaded.getTime(),
    };
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
  }
}
