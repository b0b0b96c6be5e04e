/** Noticing that an upstream has gone silent. */

/**
 * The time is waited for in so many parts, each begun in a turn of the event loop of its own. Where this process itself
 * was held up, bytes that have come meanwhile are handed out between two parts: one wait in a single part would count
 * its own slowness as the upstream's silence, and fetch the same bytes again when there is the most to do already.
 */
const PARTS = 8;

/**
 * Tells when nothing was heard for some time, or an eighth more at most. One timer runs all the while and counts the
 * parts: to set one for each read costs workerd some 40 microseconds a time.
 */
export class SilenceTimer {
  readonly #idleMs: number;
  readonly #onSilence: () => void;
  /** Parts that ended since something was heard; `undefined` while nothing is waited for. */
  #quietParts: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param idleMs - silence that is too long, in milliseconds
   * @param onSilence - called when it was; not again before the next {@link SilenceTimer.restart}
   */
  constructor(idleMs: number, onSilence: () => void) {
    this.#idleMs = idleMs;
    this.#onSilence = onSilence;
  }

  /** Begins to wait, or begins anew: something was heard. */
  restart(): void {
    this.#quietParts = 0;
    if (this.#timer === undefined) this.#beginPart();
  }

  /** Waits for nothing until the next {@link SilenceTimer.restart}, which will come soon. */
  pause(): void {
    this.#quietParts = undefined;
  }

  /** Waits for nothing any more, and leaves no timer behind. */
  stop(): void {
    this.pause();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #beginPart(): void {
    this.#timer = setTimeout(() => {
      this.#beginPart();
      // The part that was running when the waiting began is none of it.
      if (this.#quietParts === undefined || this.#quietParts++ < PARTS) return;
      this.stop();
      this.#onSilence();
    }, this.#idleMs / PARTS);
  }
}
