/** Telling how far a transfer is: a bar on a terminal, a line now and then elsewhere, nothing when asked to be quiet. */

import { progressBar, progressText } from "./line.js";
import { Rate } from "./rate.js";

const REDRAW_MS = 100;
const LINE_MS = 10_000;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\u001B[K";

/** @typedef {"bar" | "lines" | "quiet"} ProgressStyle */

/**
 * How progress is shown on a stream.
 * @param {{readonly isTTY?: boolean | undefined}} stream
 * @param {{readonly quiet: boolean, readonly env: NodeJS.ProcessEnv}} options
 * @returns {ProgressStyle}
 */
export function progressStyle(stream, { quiet, env }) {
  if (quiet) return "quiet";
  return stream.isTTY === true && env["TERM"] !== "dumb" ? "bar" : "lines";
}

/** Writes to stderr: one transfer at a time, and notes between. */
export class Progress {
  /** @type {NodeJS.WriteStream} */
  #stream;
  /** @type {ProgressStyle} */
  #style;
  /** @type {Transfer | undefined} */
  #current;

  /**
   * @param {NodeJS.WriteStream} stream
   * @param {ProgressStyle} style
   */
  constructor(stream, style) {
    this.#stream = stream;
    this.#style = style;
  }

  /**
   * Begins a transfer, which has to be ended.
   * @param {string} label
   * @param {number} totalBytes
   * @returns {Transfer}
   */
  begin(label, totalBytes) {
    const transfer = new Transfer(label, totalBytes, (end) => this.#draw(transfer, end));
    this.#current = transfer;
    return transfer;
  }

  /**
   * A line that stays.
   * @param {string} text
   */
  note(text) {
    if (this.#style === "quiet") return;
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /**
   * A line that stays, whether or not it is quiet.
   * @param {string} text
   */
  alarm(text) {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  #clear() {
    if (this.#style === "bar" && this.#current !== undefined) this.#stream.write(CLEAR_LINE);
  }

  /**
   * @param {Transfer} transfer
   * @param {boolean} end
   */
  #draw(transfer, end) {
    if (end) this.#current = undefined;
    if (this.#style === "quiet") return;
    const nowMs = Date.now();
    const sinceMs = nowMs - transfer.drawnAtMs;
    if (this.#style === "bar") {
      if (!end && sinceMs < REDRAW_MS) return;
      const columns = this.#stream.columns || DEFAULT_COLUMNS;
      this.#stream.write(CLEAR_LINE + progressBar(transfer.state(nowMs, end), columns) + (end ? "\n" : ""));
    } else {
      // What is over before a line was due needs none.
      if (end ? !transfer.shown : sinceMs < LINE_MS) return;
      this.#stream.write(`${progressText(transfer.state(nowMs, end))}\n`);
    }
    transfer.drawnAtMs = nowMs;
    transfer.shown = true;
  }
}

/** One transfer. */
export class Transfer {
  #doneBytes = 0;
  #rate = new Rate();
  #whole = Rate.since(0, Date.now());
  #label;
  #totalBytes;
  #redraw;
  #timer;
  /** When it was last shown. */
  drawnAtMs = Date.now();
  shown = false;

  /**
   * @param {string} label
   * @param {number} totalBytes
   * @param {(end: boolean) => void} redraw
   */
  constructor(label, totalBytes, redraw) {
    this.#label = label;
    this.#totalBytes = totalBytes;
    this.#redraw = redraw;
    this.#rate.add(0, this.drawnAtMs);
    // A stall has to show, too.
    this.#timer = setInterval(() => redraw(false), 1000);
    this.#timer.unref();
  }

  /** @param {number} bytes that are done, from the beginning */
  reach(bytes) {
    // What was done before is no speed of this run, and what is done again even less.
    const nowMs = Date.now();
    if (this.#doneBytes === 0 || bytes < this.#doneBytes) this.#rate = new Rate();
    if (this.#doneBytes === 0) this.#whole = Rate.since(bytes, nowMs);
    this.#doneBytes = bytes;
    this.#rate.add(bytes, nowMs);
    this.#redraw(false);
  }

  /** @param {number} bytes that are done in addition */
  advance(bytes) {
    this.#doneBytes += bytes;
    this.#rate.add(this.#doneBytes, Date.now());
    this.#redraw(false);
  }

  /** Shows how far it came, for good. */
  end() {
    clearInterval(this.#timer);
    this.#redraw(true);
  }

  /**
   * @param {number} nowMs
   * @param {boolean} end whether the rate is to be that of the whole run
   */
  state(nowMs, end) {
    this.#rate.add(this.#doneBytes, nowMs);
    return {
      label: this.#label,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: (end ? this.#whole : this.#rate).bytesPerSecond(this.#doneBytes, nowMs),
    };
  }
}
