/** How often, and after how long, what failed is tried again. */

import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../failure.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A server that wants to be left alone for longer is left to the user. */
const LONGEST_RETRY_AFTER_SECONDS = 300;

/**
 * @typedef {object} PatienceOptions
 * @property {number} attempts failures in a row, the last of which is final
 * @property {AbortSignal} signal ends the waiting
 * @property {(text: string) => void} note told of each wait
 */

/** Counts failures in a row. */
export class Patience {
  /** @type {PatienceOptions} */
  #options;
  #failures = 0;

  /** @param {PatienceOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** What comes next is a first failure again. */
  progressed() {
    this.#failures = 0;
  }

  /**
   * Waits after a failure, so that the caller can try again.
   * @param {unknown} error
   * @throws the error, where trying again does not help or was done often enough
   */
  async failed(error) {
    this.#failures += 1;
    const { attempts, note, signal } = this.#options;
    if (!(error instanceof CliError) || error.kind !== "unavailable") throw error;
    const { retryAfterSeconds = 0 } = error;
    if (this.#failures >= attempts || retryAfterSeconds > LONGEST_RETRY_AFTER_SECONDS) throw error;
    const waitMs = Math.max(
      retryAfterSeconds * 1000,
      Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LONGEST_WAIT_MS),
    );
    note(
      `${error.message}; trying again in ${Math.ceil(waitMs / 1000)} s (${this.#failures} of ${attempts})`,
    );
    await sleep(waitMs, undefined, { signal });
  }
}

/**
 * Reads `Retry-After`, RFC 9110 section 10.2.3: seconds or a date.
 * @param {string | undefined} header
 * @param {number} nowMs
 * @returns {number | undefined} seconds
 */
export function parseRetryAfter(header, nowMs) {
  if (header === undefined) return undefined;
  if (/^[0-9]{1,9}$/.test(header.trim())) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
