import type { Bench } from "./bench.ts";

/** What a row must reach: a ratio to its floor. */
export type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** One measurement and the floor that was measured next to it, in the row's unit. */
export interface Pair {
  readonly measured: number;
  readonly floor: number;
}

/** A row of the table. */
export interface Result {
  readonly name: string;
  /** Against what it was measured. */
  readonly against: string;
  readonly unit: string;
  /** Median of the measurements. */
  readonly measured: number;
  /** Median of the floors. */
  readonly floor: number;
  /** Median of the pairs' ratios, not the ratio of the medians: a pair shares what else the machine did at the time. */
  readonly ratio: number;
  readonly required: Limit;
  readonly ok: boolean;
  readonly pairs: readonly Pair[];
  /** Something else that was seen meanwhile. */
  readonly note?: string;
}

/** Something that is measured. */
export interface Row {
  /** For `--only`. */
  readonly name: string;
  /** Measures it; several results where they come out of the same run. */
  measure(bench: Bench): Promise<readonly Result[]>;
}

/** Makes a result of measurements. */
export function resultOf(facts: Omit<Result, "measured" | "floor" | "ratio" | "ok">): Result {
  const measured = median(facts.pairs.map((pair) => pair.measured));
  const floor = median(facts.pairs.map((pair) => pair.floor));
  const ratio = median(facts.pairs.map((pair) => pair.measured / pair.floor));
  const { required } = facts;
  const ok = "atLeast" in required ? ratio >= required.atLeast : ratio <= required.atMost;
  return { ...facts, measured, floor, ratio, ok };
}

/**
 * Measures in turns, a floor and a measurement each time, and every other time the other way round: whatever else the
 * machine does falls on both.
 */
export async function inTurns(
  repetitions: number,
  floor: (repetition: number) => Promise<number>,
  measure: (repetition: number) => Promise<number>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    if (repetition % 2 === 0) {
      const floored = await floor(repetition);
      pairs.push({ floor: floored, measured: await measure(repetition) });
    } else {
      const measured = await measure(repetition);
      pairs.push({ floor: await floor(repetition), measured });
    }
  }
  return pairs;
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
