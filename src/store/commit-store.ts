/** Commit records in R2: what is there was verified, what is not there is not a hit. */

import { type Digest, isDigest } from "../oci/digest.ts";
import { COMMIT_PREFIX, commitKey, inspectionKey } from "./keys.ts";
import type { Layout } from "./layout.ts";
import { type Stored, withVersion, withoutVersion } from "./record-version.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** The record that makes a blob a hit. */
export interface CommitRecord {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Names the pieces: see `pieceKey`. */
  readonly fillId: string;
  readonly layout: Layout;
  /** When the whole digest was checked, in milliseconds since 1970. */
  readonly verifiedAtMs: number;
}

/** All hits together. */
export interface CacheTotals {
  readonly blobs: number;
  readonly bytes: number;
  /** False where there are more than were counted. */
  readonly complete: boolean;
}

/** A part of the list of hits. */
export interface DigestPage {
  readonly digests: readonly Digest[];
  /** Whether more follow. */
  readonly more: boolean;
}

/** Reads and writes commit records. */
export class CommitStore {
  readonly #bucket: SteadyBucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = new SteadyBucket(bucket);
  }

  /**
   * The commit record of a blob, or `null` for a blob that is no hit.
   * @throws {RegistryError} `newer-data` when newer code wrote the record
   */
  async get(digest: Digest): Promise<CommitRecord | null> {
    const stored = await this.#bucket.read(commitKey(digest));
    if (stored === null) return null;
    const record = JSON.parse(new TextDecoder().decode(stored.bytes)) as Stored<CommitRecord>;
    return withoutVersion(record, `commit record of "${digest}"`);
  }

  /** How many blobs are hits, and their bytes, as far as so many pages of the listing tell. */
  async totals(maxPages: number): Promise<CacheTotals> {
    let blobs = 0;
    let bytes = 0;
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const listed = await this.#bucket.list({
        prefix: COMMIT_PREFIX,
        include: ["customMetadata"],
        ...(cursor === undefined ? {} : { cursor }),
      });
      blobs += listed.objects.length;
      for (const { customMetadata } of listed.objects) bytes += Number(customMetadata?.["sizeBytes"] ?? 0);
      if (!listed.truncated) return { blobs, bytes, complete: true };
      cursor = listed.cursor;
    }
    return { blobs, bytes, complete: false };
  }

  /**
   * The blobs that are hits, in the order of their digests.
   * @param after the digest to begin behind
   * @param limit at most 1000
   */
  async digests(after: Digest | undefined, limit: number): Promise<DigestPage> {
    const page = await this.#bucket.list({
      prefix: COMMIT_PREFIX,
      limit,
      ...(after === undefined ? {} : { startAfter: commitKey(after) }),
    });
    // Somebody may have put something else there.
    const digests = page.objects.map(({ key }) => key.slice(COMMIT_PREFIX.length)).filter(isDigest);
    return { digests, more: page.truncated && digests.length > 0 };
  }

  /** Makes a blob a hit. The caller has checked its digest. */
  async put(record: CommitRecord): Promise<void> {
    await this.#bucket.put(commitKey(record.digest), JSON.stringify(withVersion(record)), {
      httpMetadata: { contentType: "application/json" },
      // For listings, which do not show what is inside.
      customMetadata: { sizeBytes: String(record.sizeBytes) },
    });
  }

  /** Makes a blob a miss, and forgets what was found in it; its pieces are the caller's to delete, afterwards. */
  async delete(digest: Digest): Promise<void> {
    await this.#bucket.delete([commitKey(digest), inspectionKey(digest)]);
  }
}
