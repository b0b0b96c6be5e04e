/** Waking those who wait for a change in the same object. */

/** Everyone who waits is woken by the next {@link Signal.notify}; they look for themselves what has changed. */
export class Signal {
  #next: PromiseWithResolvers<void> | undefined;

  /** Resolves at the next change. Take it before looking at the state, so that no change falls in between. */
  wait(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  /** Says that something has changed. */
  notify(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.resolve();
  }
}
