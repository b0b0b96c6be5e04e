/**
 * The fault suite by hand, for as long as wanted:
 *
 *     npm run chaos -- --minutes 60              rounds of new seeds
 *     npm run chaos -- --seed 17 --minutes 5     from a seed on
 *     npm run chaos -- --seed 17 --once          one round, as a failure prints it
 *     npm run chaos -- --kill --minutes 10       the real service, killed at random moments
 */

import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";

const ROOT = path.join(import.meta.dirname, "..");

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    once: { type: "boolean" },
    kill: { type: "boolean", default: false },
  },
});
for (const [name, text] of Object.entries({ seed: values.seed, minutes: values.minutes })) {
  if (text !== undefined && !(Number(text) >= 0)) {
    console.error(`Cannot use --${name} "${text}": give a number`);
    process.exit(2);
  }
}
const [project, file] = values.kill
  ? ["e2e", "test/e2e/kill.test.ts"]
  : ["worker", "test/worker/chaos.test.ts"];
const { status } = spawnSync(
  process.execPath,
  [
    path.join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    `--project=${project}`,
    // The plan of a failed round is in its message, what it logged above it.
    "--silent=false",
    file,
  ],
  {
    cwd: ROOT,
    stdio: "inherit",
    env: {
      ...process.env,
      ...(values.seed === undefined ? {} : { CHAOS_SEED: values.seed }),
      CHAOS_MINUTES: values.minutes ?? "5",
      CHAOS_ONCE: values.once === true ? "1" : "0",
    },
  },
);
process.exitCode = status ?? 1;
