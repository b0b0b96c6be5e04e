/**
 * `npm run bench`: the service against what the platform itself can do, both measured in this run. Ratios tell about the
 * code; the figures beside them tell about this machine.
 *
 *     npm run bench -- --only cold-download --only memory --size 256MiB --repetitions 1 --json
 *     npm run bench -- --full --out bench-results      a report, beside the peers that are installed
 *     npm run bench -- --headline 20GiB                one blob of that size and eight cold clients
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench } from "./bench.ts";
import { FULL_ROWS, fullReport, writeReport } from "./full/full.ts";
import { markdownOf } from "./full/markdown.ts";
import { failuresOf } from "./full/report.ts";
import { headlineFaults, headlineText } from "./headline-result.ts";
import { headline } from "./headline.ts";
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
    full: { type: "boolean", default: false },
    headline: { type: "string" },
    only: { type: "string", multiple: true },
    out: { type: "string", default: "bench-results" },
    size: { type: "string" },
    large: { type: "string", default: "4GiB" },
    repetitions: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
  },
});
const repetitions = Number(values.repetitions);

// So that what was started ends, and what was stored goes, with this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  if (values.headline !== undefined) await runHeadline(parseSize(values.headline));
  else if (values.full) await runFull();
  else await runTable();
} catch (error) {
  // What was asked for cannot be: that needs no stack trace.
  console.error(error instanceof RangeError ? error.message : error);
  process.exitCode = 1;
}

async function runHeadline(sizeBytes: number): Promise<void> {
  const found = await headline(sizeBytes, console.error);
  console.log(values.json ? JSON.stringify(found, undefined, 2) : headlineText(found));
  fail(headlineFaults(found));
}

async function runFull(): Promise<void> {
  const report = await fullReport({
    sizeBytes: parseSize(values.size ?? "256MiB"),
    repetitions,
    seed: Number(values.seed),
    rows: values.only ?? Object.keys(FULL_ROWS),
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    progress: console.error,
  });
  const files = await writeReport(report, values.out);
  console.log(values.json ? JSON.stringify(report, undefined, 2) : markdownOf(report));
  console.error(`written: ${files.join(", ")}`);
  fail(failuresOf(report));
}

async function runTable(): Promise<void> {
  const rows = values.only?.map(rowOf) ?? ROWS;
  const bench = await Bench.start({
    sizeBytes: parseSize(values.size ?? "1GiB"),
    largeBytes: parseSize(values.large),
    repetitions,
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
}

function fail(faults: readonly string[]): void {
  for (const fault of faults) console.error(`FAILED: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

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
