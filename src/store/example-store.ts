/** Images that the start page gives as examples, in R2. */

import type { Digest } from "../oci/digest.ts";
import { isDigest } from "../oci/digest.ts";
import { EXAMPLE_PREFIX, exampleKey } from "./keys.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** An image that somebody looked at while it was in the cache. */
export interface StoredExample {
  /** `registry/repository:tag`. */
  readonly reference: string;
  /** Of the SIF file, when it was looked at. */
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Reads and writes examples: empty objects that carry all in their metadata, so that one listing reads them. */
export class ExampleStore {
  readonly #bucket: SteadyBucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = new SteadyBucket(bucket);
  }

  /** Keeps an example; the caller has made sure that everyone may know of it. */
  async put({ reference, digest, sizeBytes }: StoredExample): Promise<void> {
    await this.#bucket.put(exampleKey(reference), null, {
      customMetadata: { digest, sizeBytes: String(sizeBytes) },
    });
  }

  /** Some examples, at most `limit`. */
  async list(limit: number): Promise<StoredExample[]> {
    const { objects } = await this.#bucket.list({
      prefix: EXAMPLE_PREFIX,
      limit,
      include: ["customMetadata"],
    });
    return objects.flatMap(({ key, customMetadata }) => {
      const digest = customMetadata?.["digest"] ?? "";
      if (!isDigest(digest)) return [];
      const sizeBytes = Number(customMetadata?.["sizeBytes"]);
      return [{ reference: key.slice(EXAMPLE_PREFIX.length), digest, sizeBytes }];
    });
  }

  /** Forgets an example. */
  async delete(reference: string): Promise<void> {
    await this.#bucket.delete(exampleKey(reference));
  }
}
