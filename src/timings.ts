/** How long the steps of one request took, for `Server-Timing` and the log. */

/** A step: finding out what a reference names, and opening the blob behind it. */
export type Step = "resolve" | "open";

/** The times of one request's steps. */
export class Timings {
  readonly #ms = new Map<Step, number>();

  /** Waits for a step, and adds the time to what the same one took before. */
  async measure<T>(step: Step, work: Promise<T>): Promise<T> {
    const startedMs = Date.now();
    try {
      return await work;
    } finally {
      this.#ms.set(step, (this.#ms.get(step) ?? 0) + Date.now() - startedMs);
    }
  }

  /** Milliseconds of a step; `undefined` where it was not taken. */
  ms(step: Step): number | undefined {
    return this.#ms.get(step);
  }

  /** A `Server-Timing` header's value (w3.org/TR/server-timing); `undefined` where no step was taken. */
  header(): string | undefined {
    if (this.#ms.size === 0) return undefined;
    return [...this.#ms].map(([step, ms]) => `${step};dur=${ms}`).join(", ");
  }
}
