/** What was found in committed SIF files, in R2: reading it anew means hashing the whole file. */

import type { Digest } from "../oci/digest.ts";
import type { SifReport } from "../sif/inspect.ts";
import { ByteCache } from "./byte-cache.ts";
import { inspectionKey } from "./keys.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** A clear-signed message out of a file: what is needed to check by whose key it was made. */
export interface SignedMessage {
  /** The signature's object. */
  readonly objectId: number;
  /** As it stands in the file. */
  readonly armored: string;
}

/** A file's report, and its signatures, whose standing depends on keys and the day. */
export interface SifFindings {
  readonly report: SifReport;
  readonly messages: readonly SignedMessage[];
}

/** The record's shape as stored; one of another version is as good as none. */
interface StoredFindings extends SifFindings {
  readonly version: 1;
}

/** An isolate has 128 MB for everything (developers.cloudflare.com/workers/platform/limits); most reports are small. */
const CACHE_LIMITS = { totalBytes: 4 * 1024 * 1024, entryBytes: 256 * 1024 };

/** What this isolate has read, by bucket; that the blob is still committed is for the caller to know. */
const caches = new WeakMap<R2Bucket, ByteCache<{ readonly bytes: Uint8Array }>>();

/** Reads and writes findings. `CommitStore.delete` deletes them. */
export class InspectionStore {
  readonly #bucket: SteadyBucket;
  readonly #cache: ByteCache<{ readonly bytes: Uint8Array }>;

  constructor(bucket: R2Bucket) {
    this.#bucket = new SteadyBucket(bucket);
    this.#cache = caches.get(bucket) ?? new ByteCache(CACHE_LIMITS);
    caches.set(bucket, this.#cache);
  }

  /** What was found in a file, or `null` when nobody has looked. */
  async get(digest: Digest): Promise<SifFindings | null> {
    const cached = this.#cache.get(digest);
    return cached === undefined ? this.#read(digest) : parse(cached.bytes);
  }

  /** Keeps what was found in a file whose every byte was verified. */
  async put(digest: Digest, findings: SifFindings): Promise<void> {
    const stored: StoredFindings = { version: 1, ...findings };
    await this.#bucket.put(inspectionKey(digest), JSON.stringify(stored), {
      httpMetadata: { contentType: "application/json" },
    });
  }

  /** Forgets what was found. */
  async delete(digest: Digest): Promise<void> {
    await this.#bucket.delete(inspectionKey(digest));
  }

  async #read(digest: Digest): Promise<SifFindings | null> {
    const stored = await this.#bucket.read(inspectionKey(digest));
    if (stored === null) return null;
    const { bytes } = stored;
    const findings = parse(bytes);
    // Those of another version are about to be replaced.
    if (findings !== null) this.#cache.set(digest, { bytes });
    return findings;
  }
}

function parse(bytes: Uint8Array): SifFindings | null {
  const { version, ...findings } = JSON.parse(new TextDecoder().decode(bytes)) as StoredFindings;
  return version === 1 ? findings : null;
}
