/** Reading a request's body forward in large steps, with a look at its beginning first. */

/** The buffer that bytes pass through: large reads keep JavaScript off the path. */
const READ_BYTES = 512 * 1024;
/** What a client that was refused may still send, and for how long. */
const DRAIN_BYTES = 128 * 1024 * 1024;
const DRAIN_MS = 5000;

/** A body, read once. Whoever makes one calls {@link BodyReader.cancel} when the rest is not wanted. */
export class BodyReader {
  readonly #reader: ReadableStreamBYOBReader | undefined;
  #buffer = new ArrayBuffer(READ_BYTES);
  #beginning = new Uint8Array();
  #ended = false;
  #readBytes = 0;

  /** @param body `null` counts as an empty one */
  constructor(body: ReadableStream | null) {
    this.#reader = body?.getReader({ mode: "byob" });
  }

  /** How many bytes {@link BodyReader.read} has given. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * The first bytes, which are read again by {@link BodyReader.read}: fewer than `bytes` only where there are no more.
   * To be called once, before anything is read.
   */
  async peek(bytes: number): Promise<Uint8Array> {
    const { value } = (await this.#reader?.readAtLeast(bytes, new Uint8Array(bytes))) ?? {};
    this.#beginning = value ?? new Uint8Array();
    return this.#beginning;
  }

  /**
   * The next bytes, at most `limit`; `undefined` at the end. They are gone at the next read: the buffer is one.
   * @throws {unknown} when the body breaks off
   */
  async read(limit: number): Promise<Uint8Array | undefined> {
    const bytes = await this.#next(limit);
    this.#readBytes += bytes?.length ?? 0;
    return bytes;
  }

  /**
   * Passes over the next bytes.
   * @returns how many: fewer than `bytes` only where there are no more
   * @throws {unknown} when the body breaks off
   */
  async skip(bytes: number): Promise<number> {
    let skipped = 0;
    while (skipped < bytes) {
      const read = await this.read(bytes - skipped);
      if (read === undefined) break;
      skipped += read.length;
    }
    return skipped;
  }

  /**
   * Reads on for a while to no purpose: a client that may send its body to the end reads the answer, where one whose
   * connection is closed on it may lose that. Then lets go of the rest. Never fails.
   */
  async drain(): Promise<void> {
    const timer = setTimeout(() => void this.cancel(), DRAIN_MS);
    try {
      const end = this.#readBytes + DRAIN_BYTES;
      while (this.#readBytes < end && (await this.read(READ_BYTES)) !== undefined);
    } catch {
      // It broke off: nobody waits for an answer.
    }
    clearTimeout(timer);
    await this.cancel();
  }

  async #next(limit: number): Promise<Uint8Array | undefined> {
    if (this.#beginning.length > 0) {
      const bytes = this.#beginning.subarray(0, limit);
      this.#beginning = this.#beginning.subarray(bytes.length);
      return bytes;
    }
    if (this.#reader === undefined || this.#ended) return undefined;
    const length = Math.min(READ_BYTES, limit);
    const view = new Uint8Array(this.#buffer, 0, length);
    const { value } = await this.#reader.readAtLeast(length, view);
    this.#ended = value === undefined || value.length === 0;
    if (value === undefined || this.#ended) return undefined;
    this.#buffer = value.buffer;
    return value;
  }

  /** Lets go of the rest. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
  }
}
