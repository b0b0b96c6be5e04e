/** Doing one thing after the other where several ask at the same time. */

/** A queue of work that must not overlap, though each piece of it waits for other things. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs work when all that was taken before has ended, however it ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

/** {@link Turns} for each of many things, remembered only while there is work. */
export class KeyedTurns {
  readonly #queues = new Map<string, { readonly turns: Turns; waiting: number }>();

  /** Runs work when all that was taken before for the same key has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { turns: new Turns(), waiting: 0 };
    this.#queues.set(key, queue);
    queue.waiting++;
    try {
      return await queue.turns.take(work);
    } finally {
      if (--queue.waiting === 0) this.#queues.delete(key);
    }
  }
}
