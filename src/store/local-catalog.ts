/** Which repositories the service stores itself, as one ordered list: a key in R2 for each. */

import { REPOSITORY_PREFIX, repositoryKey } from "./keys.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** R2 lists no more at once (developers.cloudflare.com/r2/api/workers/workers-api-reference). */
const MAX_LISTED = 1000;

/** A page of the list. */
export interface LocalPage {
  /** Names within the registry, in order. */
  readonly repositories: readonly string[];
  /** Whether more follow. */
  readonly more: boolean;
}

/** The list. */
export class LocalCatalog {
  readonly #bucket: SteadyBucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = new SteadyBucket(bucket);
  }

  /** Puts a repository on the list, or takes it off. @param path `registry/repository` */
  async set(path: string, listed: boolean): Promise<void> {
    const key = repositoryKey(path);
    await (listed ? this.#bucket.put(key, "") : this.#bucket.delete(key));
  }

  /** The repositories of a registry behind `last`, in the order of their names, at most `n` of them. */
  async page(registry: string, last: string | undefined, n = MAX_LISTED): Promise<LocalPage> {
    const prefix = `${REPOSITORY_PREFIX}${registry}/`;
    const page = await this.#bucket.list({
      prefix,
      limit: Math.min(n, MAX_LISTED),
      ...(last === undefined ? {} : { startAfter: prefix + last }),
    });
    return { repositories: page.objects.map(({ key }) => key.slice(prefix.length)), more: page.truncated };
  }
}
