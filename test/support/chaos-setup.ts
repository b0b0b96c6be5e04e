import type { TestProject } from "vitest/node";

/** How long the fault suite runs where nothing else is said, in minutes. */
const DEFAULT_MINUTES = 1;

/** Hands the fault suite its seed, a new one each time where none is given, and its time: see `scripts/chaos.ts`. */
export default function setUp(project: TestProject): void {
  const { CHAOS_SEED, CHAOS_MINUTES, CHAOS_ONCE } = process.env;
  const seed = CHAOS_SEED === undefined ? Math.floor(Math.random() * 2 ** 26) : Number(CHAOS_SEED);
  project.provide("chaos", {
    seed,
    minutes: CHAOS_MINUTES === undefined ? DEFAULT_MINUTES : Number(CHAOS_MINUTES),
    once: CHAOS_ONCE === "1",
  });
}
