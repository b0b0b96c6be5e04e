/** Something that happens at a time. */
export interface Timed {
  readonly atSeconds: number;
}

/** A queue that gives back the earliest first: a binary heap. */
export class Timeline<T extends Timed> {
  readonly #items: T[] = [];

  add(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || above.atSeconds <= item.atSeconds) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** The earliest, taken out; `undefined` when nothing is left. */
  next(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [items[child], items[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && right.atSeconds < left.atSeconds) child++;
      const least = items[child];
      if (least === undefined || least.atSeconds >= last.atSeconds) break;
      items[at] = least;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
