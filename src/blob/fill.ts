/**
 * Fetching one blob from its upstream into pieces, and checking it.
 *
 * A few connections take pieces, those first that a reader waits for, while the verifier follows behind through the
 * stored ones. The fill belongs to the Blob object, never to a request: nobody's leaving ends it.
 */

import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import { type Layout, bytesInPieces, pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { ConnectionCount } from "./connection-count.ts";
import type { Signal } from "./signal.ts";
import { type OpenRange, UpstreamCursor } from "./upstream-cursor.ts";
import { verifyPieces } from "./verifier.ts";

/** A piece that R2 refuses so often in a row ends the fill. */
const MAX_STORE_ATTEMPTS = 4;
const STORE_BACKOFF_MS = 200;

/** What a fill needs. */
export interface FillOptions {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly fillId: string;
  readonly layout: Layout;
  readonly pieces: PieceStore;
  readonly open: OpenRange;
  /** Upstream connections at once, at most. */
  readonly connections: number;
  /** Silence after which an upstream connection is replaced, in milliseconds. */
  readonly idleMs: number;
  /** Pieces that are stored already. */
  readonly stored: Iterable<number>;
  /** Notified of every stored piece. */
  readonly changed: Signal;
}

/** One run of a fill, from what is stored to the end or to a failure. */
export class Fill {
  readonly #options: FillOptions;
  readonly #pieceCount: number;
  readonly #stored: Set<number>;
  readonly #taken = new Set<number>();
  readonly #demanded = new Set<number>();
  readonly #changed: Signal;
  readonly #controller = new AbortController();
  readonly #startedAtMs = Date.now();
  readonly #loops: Promise<void>[] = [];
  /** No piece before this one is missing. */
  #firstMissing = 0;
  #receivedBytes = 0;
  #fetchedPieces = 0;
  #connections = 0;
  /** How many connections are worth having. */
  readonly #count: ConnectionCount;
  /** The upstream ignores ranges: one connection reads the whole, in order. */
  #sequential = false;
  #storeFailures = 0;

  constructor(options: FillOptions) {
    this.#options = options;
    this.#pieceCount = pieceCount(options.layout);
    this.#stored = new Set(options.stored);
    this.#changed = options.changed;
    this.#count = new ConnectionCount(options.connections);
  }

  /** Bytes a second that arrived since this run began. */
  get bytesPerSecond(): number {
    const seconds = (Date.now() - this.#startedAtMs) / 1000;
    return seconds > 0 ? Math.round(this.#receivedBytes / seconds) : 0;
  }

  /** Bytes that came from the upstream in this run. */
  get fetchedBytes(): number {
    return this.#receivedBytes;
  }

  /** Bytes in stored pieces. */
  get storedBytes(): number {
    return bytesInPieces(this.#options.layout, this.#stored);
  }

  /** Whether a piece is in the store. */
  has(index: number): boolean {
    return this.#stored.has(index);
  }

  /** Asks for a piece to be fetched before the others. */
  demand(index: number): void {
    if (!this.#stored.has(index)) this.#demanded.add(index);
  }

  /** Ends the fill; {@link Fill.run} rejects with the reason. Stored pieces stay. */
  stop(reason: unknown): void {
    this.#controller.abort(reason);
    this.#changed.notify();
  }

  /**
   * Fetches what is missing and checks the whole.
   * @returns whether the stored bytes match the digest
   * @throws {RegistryError} the upstream's failure, or the reason given to {@link Fill.stop}
   */
  async run(): Promise<boolean> {
    const verified = verifyPieces({
      pieces: this.#options.pieces,
      fillId: this.#options.fillId,
      layout: this.#options.layout,
      digest: this.#options.digest,
      stored: (index) => this.#waitToVerify(index),
      onMissing: (index) => this.#lose(index),
    });
    const failed = Promise.withResolvers<never>();
    this.#connect(failed.reject);
    try {
      return await Promise.race([verified, failed.promise]);
    } finally {
      this.stop(new Error("The fill has ended"));
      await Promise.allSettled([verified, ...this.#loops]);
    }
  }

  /** Adds a connection where one more is worth having; no more than pieces have come, so that the first bytes come soon. */
  #connect(onFailure: (error: unknown) => void): void {
    const limit = this.#sequential ? 1 : Math.min(this.#count.allowed, Math.max(this.#fetchedPieces, 1));
    if (this.#connections >= limit) return;
    this.#connections++;
    this.#loops.push(this.#fetchPieces(onFailure).catch(onFailure));
  }

  /** One connection's work: piece after piece until the fill ends, or there are too many. */
  async #fetchPieces(onFailure: (error: unknown) => void): Promise<void> {
    const { signal } = this.#controller;
    const cursor = new UpstreamCursor({
      open: this.#options.open,
      sizeBytes: this.#options.sizeBytes,
      idleMs: this.#options.idleMs,
      signal,
      onBytes: (bytes) => {
        this.#receivedBytes += bytes;
        this.#count.observe(this.#taken.size, this.#receivedBytes, Date.now());
        this.#connect(onFailure);
      },
      onInterruption: (interruption) => {
        log({ event: "fill-interrupted", digest: this.#options.digest, ...interruption });
      },
    });
    try {
      while (!signal.aborted && this.#connections <= this.#count.allowed) {
        const changed = this.#changed.wait();
        const index = this.#take();
        if (index === undefined) {
          await changed;
          continue;
        }
        try {
          await this.#fetchPiece(cursor, index);
        } finally {
          this.#taken.delete(index);
        }
        this.#sequential ||= cursor.ranged === false;
      }
    } finally {
      this.#connections--;
      await cursor.close();
    }
  }

  /** The piece to fetch next: one that a reader waits for, else the first that is missing. */
  #take(): number | undefined {
    const free = (index: number): boolean => !this.#stored.has(index) && !this.#taken.has(index);
    // An upstream without ranges is read once, in order, by one connection; a wish cannot change that.
    if (this.#sequential && this.#taken.size > 0) return undefined;
    let next = this.#sequential ? undefined : [...this.#demanded].find(free);
    while (this.#stored.has(this.#firstMissing)) this.#firstMissing++;
    for (let index = this.#firstMissing; next === undefined && index < this.#pieceCount; index++) {
      if (free(index)) next = index;
    }
    if (next !== undefined) this.#taken.add(next);
    return next;
  }

  async #fetchPiece(cursor: UpstreamCursor, index: number): Promise<void> {
    const { startBytes, endBytes } = pieceByIndex(this.#options.layout, index);
    const { readable, writable } = new FixedLengthStream(endBytes - startBytes);
    const put = this.#options.pieces.put(this.#options.fillId, index, readable);
    // The copy fails with it, and is where the failure is dealt with.
    put.catch(() => {});
    const writer = writable.getWriter();
    try {
      await cursor.copy(writer, startBytes, endBytes);
      await writer.close();
      await put;
    } catch (error) {
      await Promise.allSettled([writer.abort(error), put, cursor.close()]);
      if (error instanceof RegistryError || this.#controller.signal.aborted) throw error;
      // What is left is R2's refusal: nothing is stored, so the piece is taken again.
      if (++this.#storeFailures >= MAX_STORE_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, STORE_BACKOFF_MS * this.#storeFailures));
      return;
    }
    this.#storeFailures = 0;
    this.#fetchedPieces++;
    this.#stored.add(index);
    this.#demanded.delete(index);
    this.#changed.notify();
  }

  async #waitToVerify(index: number): Promise<void> {
    await this.#waitFor(index);
    // Somebody waits for the first byte, and nobody yet for the verifier.
    if (index === 0 && this.#pieceCount > 1) await this.#waitFor(1);
  }

  async #waitFor(index: number): Promise<void> {
    for (;;) {
      const changed = this.#changed.wait();
      this.#controller.signal.throwIfAborted();
      if (this.#stored.has(index)) return;
      await changed;
    }
  }

  /** A stored piece is gone: it is fetched again. */
  #lose(index: number): void {
    log({ event: "piece-lost", digest: this.#options.digest, fillId: this.#options.fillId });
    this.#stored.delete(index);
    this.#firstMissing = Math.min(this.#firstMissing, index);
    this.demand(index);
    this.#changed.notify();
  }
}
