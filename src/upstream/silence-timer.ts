/** Noticing that an upstream has gone silent. */

/**
 * A time is waited for in so many parts, each begun in a turn of the event loop of its own. Where this process itself
 * was held up, bytes that have come meanwhile are handed out between two parts: one wait in a single part would count
 * its own slowness as the upstream's silence, and fetch the same bytes again when there is the most to do already.
 */
const PARTS = 4;

/** Tells when nothing was heard for some time. */
export class SilenceTimer {
  readonly #idleMs: number;
  readonly #onSilence: () => void;
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
    this.stop();
    this.#wait(PARTS);
  }

  /** Waits no more. */
  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(parts: number): void {
    this.#timer = setTimeout(() => {
      if (parts > 1) this.#wait(parts - 1);
      else this.#onSilence();
    }, this.#idleMs / PARTS);
  }
}
