import type { Outcome } from "./simulate.ts";

/** Dollars, beyond what a plan includes (developers.cloudflare.com, pricing pages of each product, October 2026). */
const PRICES = {
  classAPerMillion: 4.5,
  classBPerMillion: 0.36,
  objectCallPerMillion: 0.15,
  objectGbSecondPerMillion: 12.5,
  workerRequestPerMillion: 0.3,
  workerCpuMsPerMillion: 0.02,
} as const;
/** An object is billed as if it had 128 MB. */
const OBJECT_GB = 0.125;
/** CPU of the fill, per GiB, measured here; and of a download's own work, per piece, in milliseconds. */
const FILL_CPU_MS_PER_GIB = 900;
const READ_CPU_MS_PER_PIECE = 0.3;
const GIB = 2 ** 30;

/** What a scenario costs, in dollars; traffic to the clients is free. */
export function costOf(outcome: Outcome): number {
  const { scenario, pieces, repository, blob, classA, classB, fillSeconds, doneSeconds } = outcome;
  const calls = repository.calls + blob.calls;
  const gbSeconds =
    OBJECT_GB * (Math.max(fillSeconds, scenario.warm ? 0 : doneSeconds) + repository.calls / 1000);
  const cpuMs =
    scenario.nodes * pieces * READ_CPU_MS_PER_PIECE +
    (scenario.warm ? 0 : (scenario.sizeBytes / GIB) * FILL_CPU_MS_PER_GIB);
  const micro =
    classA * PRICES.classAPerMillion +
    classB * PRICES.classBPerMillion +
    calls * PRICES.objectCallPerMillion +
    gbSeconds * PRICES.objectGbSecondPerMillion +
    scenario.nodes * PRICES.workerRequestPerMillion +
    cpuMs * PRICES.workerCpuMsPerMillion;
  return micro / 1e6;
}
