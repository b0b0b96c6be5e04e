/** A small cache in the memory of one isolate, for what can never change. */

/** Bounds of a {@link ByteCache}. */
export interface ByteCacheLimits {
  /** Bytes of all entries together. */
  readonly totalBytes: number;
  /** A larger entry is not kept, so that one cannot push out all others. */
  readonly entryBytes: number;
}

/** Keeps what was used last, within its bounds. */
export class ByteCache<T extends { readonly bytes: Uint8Array }> {
  readonly #limits: ByteCacheLimits;
  /** In the order of use: a map keeps that of insertion, so what is used is inserted again. */
  readonly #entries = new Map<string, T>();
  #totalBytes = 0;

  constructor(limits: ByteCacheLimits) {
    this.#limits = limits;
  }

  /** What is kept under a key. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Keeps an entry, and forgets those used longest ago where there are too many bytes. */
  set(key: string, entry: T): void {
    this.delete(key);
    if (entry.bytes.length > this.#limits.entryBytes) return;
    this.#entries.set(key, entry);
    this.#totalBytes += entry.bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#totalBytes <= this.#limits.totalBytes) return;
      this.delete(oldest);
    }
  }

  /** Forgets an entry. */
  delete(key: string): void {
    this.#totalBytes -= this.#entries.get(key)?.bytes.length ?? 0;
    this.#entries.delete(key);
  }
}
