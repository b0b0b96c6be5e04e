import { expect, inject, it } from "vitest";
import { drawPlan } from "../chaos/plan.ts";
import { runRound } from "../chaos/round.ts";

const { seed: firstSeed, minutes, once } = inject("chaos");

it(
  "whatever fails, no client gets a complete wrong body, nothing wrong is kept and nothing is stuck",
  { timeout: (minutes + 5) * 60_000 },
  async () => {
    const endMs = performance.now() + minutes * 60_000;
    const sums = { rounds: 0, complete: 0, broken: 0, faults: 0, pushed: 0 };
    for (let seed = firstSeed; performance.now() < endMs; seed++) {
      const plan = drawPlan(seed);
      const result = await runRound(plan);
      const replay = `seed ${seed}, again by: npm run chaos -- --seed ${seed} --once`;
      expect(result.violations, `${replay}\n${JSON.stringify(plan)}`).toEqual([]);
      sums.rounds++;
      sums.complete += result.complete;
      sums.broken += result.broken;
      sums.faults += result.faults;
      sums.pushed += result.pushed;
      if (once) break;
    }
    console.log(`chaos: seed ${firstSeed}, ${JSON.stringify(sums)}`);
    // A suite in which nothing fails or nothing succeeds would prove nothing.
    if (once) return;
    expect(sums.complete).toBeGreaterThan(0);
    expect(sums.broken).toBeGreaterThan(0);
    expect(sums.faults).toBeGreaterThan(0);
    expect(sums.pushed).toBeGreaterThan(0);
  },
);
