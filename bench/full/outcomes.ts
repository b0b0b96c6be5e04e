import type { Cell } from "./report.ts";

/** Figures of one measurement, by names that mean something to its row only. */
export type Figures = Readonly<Record<string, number>>;

const MAX_REASON = 200;

/** What came of measuring several servers: the figures of each repetition, or why there are none. */
export class Outcomes {
  readonly #known = new Map<string, Figures[] | { cannot: string }>();

  /** Adds measurements to what is known of a server, or why they failed; who failed is not measured again. */
  async note(name: string, measure: () => Promise<readonly Figures[]>): Promise<void> {
    const known = this.#known.get(name) ?? [];
    if (!Array.isArray(known)) return;
    try {
      this.#known.set(name, [...known, ...(await measure())]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#known.set(name, { cannot: reason.slice(0, MAX_REASON) });
    }
  }

  /** The cells of a row, by the servers' names: one figure of each measurement. */
  cells(figure: string): Record<string, Cell> {
    return Object.fromEntries([...this.#known.keys()].map((name) => [name, this.cell(name, figure)]));
  }

  /** As {@link cells}, of one server. */
  cell(name: string, figure: string): Cell {
    const known = this.#known.get(name) ?? { cannot: "it was not measured" };
    if (!Array.isArray(known)) return known;
    return { values: known.map((figures) => figures[figure] ?? Number.NaN) };
  }
}
