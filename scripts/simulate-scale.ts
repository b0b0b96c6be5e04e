/**
 * Ten thousand nodes that pull one image at once, on paper: the tables of `docs/scale.md`.
 *
 *     npm run scale [-- --nodes 10000]
 */

import { parseArgs } from "node:util";
import { costOf } from "./scale/cost.ts";
import { type Scenario, simulate } from "./scale/simulate.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const { values } = parseArgs({ options: { nodes: { type: "string", default: "10000" } } });
const nodes = Number(values.nodes);
if (!Number.isInteger(nodes) || nodes < 1) {
  console.error(`Cannot use --nodes "${values.nodes}": give a whole number`);
  process.exit(2);
}

/** 5 GiB, three connections of 40 MB/s, a cluster behind 100 Gbit/s. */
const usual: Scenario = {
  name: "cold, all at once",
  nodes,
  sizeBytes: 5 * GIB,
  chunkBytes: 16 * MIB,
  upstreamBytesPerSecond: 120e6,
  nodeBytesPerSecond: 12.5e9 / nodes,
  spreadSeconds: 0,
  objectCallsPerSecond: 1000,
  warm: false,
  waitsSharedIn: 0,
  resolutionsSharedIn: 0,
};
const fast = { nodeBytesPerSecond: 1.25e9 };
const scenarios: readonly Scenario[] = [
  usual,
  { ...usual, name: "cold, within a minute", spreadSeconds: 60 },
  { ...usual, ...fast, name: "cold, 10 Gbit/s a node" },
  { ...usual, ...fast, name: "… waits shared in 100 isolates", waitsSharedIn: 100 },
  { ...usual, ...fast, name: "… resolutions shared in 100 isolates", resolutionsSharedIn: 100 },
  { ...usual, ...fast, name: "… both", waitsSharedIn: 100, resolutionsSharedIn: 100 },
  { ...usual, name: "warm, all at once", warm: true },
  { ...usual, name: "… resolutions shared in 100 isolates", warm: true, resolutionsSharedIn: 100 },
  { ...usual, name: "cold, 200 MiB", sizeBytes: 200 * MIB },
];

const columns = [
  "scenario",
  "pieces",
  "Repository calls, peak/s, longest queue",
  "Blob calls, peak/s, longest queue",
  "R2 A",
  "R2 B",
  "first byte: median, last",
  "all done",
  "cost",
];
console.log(row(columns));
console.log(row(columns.map(() => "---")));
for (const scenario of scenarios) {
  const outcome = simulate(scenario);
  const { repository, blob } = outcome;
  console.log(
    row([
      scenario.name,
      number(outcome.pieces),
      ...[repository, blob].map(
        (load) =>
          `${number(load.calls)}, ${number(load.peakCallsPerSecond)}, ${seconds(load.longestQueueSeconds)}`,
      ),
      number(outcome.classA),
      number(outcome.classB),
      `${seconds(outcome.firstByteMedianSeconds)}, ${seconds(outcome.firstByteLastSeconds)}`,
      seconds(outcome.doneSeconds),
      `$${costOf(outcome).toFixed(2)}`,
    ]),
  );
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} s` : `${number(value)} s`;
}
