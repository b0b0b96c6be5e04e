import { expect, test } from "vitest";
import { drawKillPlan } from "../chaos/kill-plan.ts";
import { KillRun } from "../chaos/kill-run.ts";

/** Where nothing else is said, in minutes; see `scripts/chaos.ts`. */
const DEFAULT_MINUTES = 0.5;

const { CHAOS_SEED, CHAOS_MINUTES, CHAOS_ONCE } = process.env;
const firstSeed = CHAOS_SEED === undefined ? Math.floor(Math.random() * 2 ** 26) : Number(CHAOS_SEED);
const minutes = CHAOS_MINUTES === undefined ? DEFAULT_MINUTES : Number(CHAOS_MINUTES);

test(
  "killed at any moment and started again, the service has lost nothing that it confirmed, and nothing is wrong or stuck",
  { timeout: (minutes + 5) * 60_000 },
  async () => {
    const run = await KillRun.start();
    try {
      const endMs = performance.now() + minutes * 60_000;
      for (let seed = firstSeed; seed === firstSeed || performance.now() < endMs; seed++) {
        const plan = drawKillPlan(seed);
        await run.round(plan);
        const replay = `seed ${seed}, again by: npm run chaos -- --kill --seed ${seed} --once`;
        expect(run.violations, `${replay}\n${JSON.stringify(plan)}`).toEqual([]);
        if (CHAOS_ONCE === "1") break;
      }
      await run.finish();
      expect(run.violations, `seeds from ${firstSeed}`).toEqual([]);
      console.log(`kills: seed ${firstSeed}, ${JSON.stringify(run.result)}`);
      expect(run.result.kills).toBeGreaterThan(0);
      expect(run.result.complete).toBeGreaterThan(0);
    } finally {
      await run.stop();
    }
  },
);
