/** R2 for small records and listings, with calls repeated where the failure is one that passes. */

/** Calls in a row that may fail. */
const MAX_ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 50;
/**
 * R2's errors that pass: internal error, unavailable, disconnected, too many requests for one key. The code stands at the
 * message's end (developers.cloudflare.com/r2/api/error-codes); an error without one never came from R2, its connection
 * broke.
 */
const PASSING: ReadonlySet<string> = new Set(["10001", "10043", "10054", "10058"]);

/** A small object and all of its bytes. */
export interface ReadObject {
  readonly object: R2ObjectBody;
  readonly bytes: Uint8Array;
}

/** A bucket whose calls may all be repeated: none depends on what was there before, and no body is a stream. */
export class SteadyBucket {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** A part of an object, whose body is a stream: a failure while that is read is the reader's. */
  get(key: string, range: R2Range): Promise<R2ObjectBody | null> {
    return steadily(() => this.#bucket.get(key, { range }));
  }

  /** An object that is small enough for memory, or `null`. */
  read(key: string): Promise<ReadObject | null> {
    return steadily(async () => {
      const object = await this.#bucket.get(key);
      return object === null ? null : { object, bytes: new Uint8Array(await object.arrayBuffer()) };
    });
  }

  /** What is known of an object without its bytes. */
  head(key: string): Promise<R2Object | null> {
    return steadily(() => this.#bucket.head(key));
  }

  /** A page of the listing. */
  list(options: R2ListOptions): Promise<R2Objects> {
    return steadily(() => this.#bucket.list(options));
  }

  /** Stores a small object; it may be stored twice. */
  async put(key: string, value: string | Uint8Array | null, options?: R2PutOptions): Promise<void> {
    await steadily(() => this.#bucket.put(key, value, options));
  }

  /** Deletes objects; those that are not there do no harm. */
  delete(keys: string | string[]): Promise<void> {
    return steadily(() => this.#bucket.delete(keys));
  }
}

/** The call's answer, asked for again a few times, with growing pauses of uneven length. */
async function steadily<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !passes(error)) throw error;
      const waitMs = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

function passes(error: unknown): boolean {
  const code = error instanceof Error ? /\((\d{5,6})\)$/.exec(error.message)?.[1] : undefined;
  return code === undefined || PASSING.has(code);
}
