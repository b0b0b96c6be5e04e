/** How fast something goes. */

const WINDOW_MS = 5_000;
const SAMPLE_MS = 250;

/** Averages over the last seconds, so that a stall shows and a burst does not dazzle. */
export class Rate {
  /** @type {{readonly atMs: number, readonly bytes: number}[]} */
  #samples = [];

  /**
   * The rate since one moment, to which nothing is to be added.
   * @param {number} bytes how far it was
   * @param {number} atMs
   * @returns {Rate}
   */
  static since(bytes, atMs) {
    const rate = new Rate();
    rate.add(bytes, atMs);
    return rate;
  }

  /**
   * @param {number} bytes how far it is
   * @param {number} nowMs
   */
  add(bytes, nowMs) {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs: nowMs, bytes });
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > WINDOW_MS)
      this.#samples.shift();
  }

  /**
   * @param {number} bytes how far it is
   * @param {number} nowMs
   * @returns {number | undefined} bytes a second; undefined while it cannot be told
   */
  bytesPerSecond(bytes, nowMs) {
    const first = this.#samples[0];
    if (first === undefined || nowMs - first.atMs < SAMPLE_MS) return undefined;
    return Math.max(0, ((bytes - first.bytes) * 1000) / (nowMs - first.atMs));
  }
}
