/**
 * `npm run bench`: the service against what the platform itself can do, both measured in this run. Ratios tell about the
 * code; the figures beside them tell about this machine.
 *
 *     npm run bench -- --only cold-download --only memory --size 256MiB --repetitions 1 --json
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench } from "./bench.ts";
import type { Limit, Result, Row } from "./result.ts";
import { apptainerPull } from "./rows/apptainer-pull.ts";
import { coldDownload } from "./rows/cold-download.ts";
import { coldHerd } from "./rows/cold-herd.ts";
import { digestLookup } from "./rows/digest-lookup.ts";
import { firstByte } from "./rows/first-byte.ts";
import { hash } from "./rows/hash.ts";
import { manifests } from "./rows/manifests.ts";
import { memory } from "./rows/memory.ts";
import { upload } from "./rows/upload.ts";
import { uploadMemory } from "./rows/upload-memory.ts";
import { page } from "./rows/page.ts";
import { warmDownload } from "./rows/warm-download.ts";
import { parseSize } from "./units.ts";

const ROWS: readonly Row[] = [
  warmDownload,
  coldDownload,
  coldHerd,
  firstByte,
  hash,
  digestLookup,
  manifests,
  apptainerPull,
  page,
  memory,
  upload,
  uploadMemory,
];

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: ROWS.map(({ name }) => name) },
    size: { type: "string", default: "1GiB" },
    large: { type: "string", default: "4GiB" },
    repetitions: { type: "string", default: "3" },
  },
});

// So that what was started ends, and what was stored goes, with this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const rows = values.only.map(rowOf);
const bench = await Bench.start({
  sizeBytes: parseSize(values.size),
  largeBytes: parseSize(values.large),
  repetitions: Number(values.repetitions),
});
const results: Result[] = [];
try {
  if (!values.json) printHead();
  for (const row of rows) {
    for (const result of await row.measure(bench)) {
      results.push(result);
      if (!values.json) printRow(result);
    }
  }
} finally {
  await bench.stop();
}
if (values.json) {
  const { options } = bench;
  console.log(
    JSON.stringify({ options, cpu: cpus()[0]?.model, cores: cpus().length, results }, undefined, 2),
  );
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

function rowOf(name: string): Row {
  const row = ROWS.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  throw new RangeError(`Cannot measure "${name}": there is ${ROWS.map((known) => known.name).join(", ")}`);
}

function printHead(): void {
  console.log(line("what", "measured", "floor", "ratio", "required", "ok"));
}

function printRow(result: Result): void {
  const { name, unit, required, ok, ratio } = result;
  const figures = [result.measured, result.floor].map((value) => `${readable(value)} ${unit}`);
  console.log(
    line(name, figures[0] ?? "", figures[1] ?? "", ratio.toFixed(2), limitText(required), ok ? "yes" : "NO"),
  );
  console.log(`    against ${result.against}${result.note === undefined ? "" : `; ${result.note}`}`);
}

function line(...[first = "", ...others]: readonly string[]): string {
  return first.padEnd(16) + others.map((text) => text.padStart(17)).join("");
}

function readable(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function limitText(limit: Limit): string {
  return "atLeast" in limit ? `>= ${limit.atLeast}` : `<= ${limit.atMost}`;
}
