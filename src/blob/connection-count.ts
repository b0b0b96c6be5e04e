/**
 * How many upstream connections a fill is worth: the fewest that bring as much as more would.
 *
 * With fewer of them pieces come in order, a crash loses less of what is under way, and the upstream has less to bear.
 * Whether it limits each connection, or whether the store takes no more anyway, is not known before it was tried.
 */

/** A rate is measured over at least so many milliseconds, and bytes: some pieces, so that the pauses between them even out. */
const SPAN_MS = 1000;
const SPAN_BYTES = 64 * 1024 * 1024;
/** With one connection fewer, this part must still come. Random changes are smaller, a loss of one of three is larger. */
const ENOUGH = 0.8;
/** So long, in milliseconds, holds what was found; then the circumstances may be others. */
const KEPT_MS = 60_000;

/** Finds the number by trying with one connection fewer, as long as nothing is lost by it. */
export class ConnectionCount {
  readonly #most: number;
  #allowed: number;
  /** The best of those measured, in bytes a millisecond. */
  #bestRate = 0;
  #foundMs: number | undefined;
  /** Since when so many connections as are allowed have been at work, and what had arrived then. */
  #span: { readonly startMs: number; readonly startBytes: number } | undefined;

  /** @param most how many there may be, and how many are measured first */
  constructor(most: number) {
    this.#most = most;
    this.#allowed = most;
  }

  /** How many connections the fill may have now. */
  get allowed(): number {
    return this.#allowed;
  }

  /**
   * Told of what arrives.
   * @param atWork connections that fetch something
   * @param receivedBytes all that has arrived since the fill began
   * @param nowMs the time, in milliseconds
   */
  observe(atWork: number, receivedBytes: number, nowMs: number): void {
    if (this.#foundMs !== undefined) {
      if (nowMs - this.#foundMs >= KEPT_MS) this.#beginAnew();
      return;
    }
    // Some have yet to begin, or to end their pieces.
    if (atWork !== this.#allowed) this.#span = undefined;
    else this.#span ??= { startMs: nowMs, startBytes: receivedBytes };
    if (this.#span === undefined) return;
    const ms = nowMs - this.#span.startMs;
    const bytes = receivedBytes - this.#span.startBytes;
    if (ms < SPAN_MS || bytes < SPAN_BYTES) return;
    this.#judge(bytes / ms, nowMs);
    this.#span = undefined;
  }

  #judge(rate: number, nowMs: number): void {
    const lost = rate < this.#bestRate * ENOUGH;
    this.#bestRate = Math.max(this.#bestRate, rate);
    if (lost) this.#allowed++;
    if (lost || this.#allowed === 1) this.#foundMs = nowMs;
    else this.#allowed--;
  }

  #beginAnew(): void {
    this.#foundMs = undefined;
    this.#bestRate = 0;
    this.#allowed = this.#most;
  }
}
