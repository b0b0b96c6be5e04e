import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { dockerRegistry } from "../peers/docker-registry.ts";
import type { Entry } from "../peers/candidate.ts";
import { nginx } from "../peers/nginx.ts";
import { sifEdge } from "../peers/sif-edge.ts";
import { Lab } from "./lab.ts";
import { load, machineFacts, versionFacts } from "./machine.ts";
import { markdownOf } from "./markdown.ts";
import { plotsOf } from "./plots.ts";
import type { Participant, Report, ReportOptions, ReportRow } from "./report.ts";
import { altered } from "./rows/altered.ts";
import { coldFirstByte, coldRange } from "./rows/cold.ts";
import { follower } from "./rows/follower.ts";
import { herd } from "./rows/herd.ts";
import { cut, killed } from "./rows/interruption.ts";
import { warm } from "./rows/warm.ts";

/** What is measured, in this order, by the names for `--only`. */
export const FULL_ROWS: Readonly<Record<string, (lab: Lab) => Promise<ReportRow[]>>> = {
  "cold-first-byte": coldFirstByte,
  "cold-range": coldRange,
  follower,
  herd,
  cut,
  killed,
  altered,
  warm,
};

/**
 * What one connection brings from a registry that is not on the same machine: 64 Mbit/s. Slow enough that the upstream
 * is what everyone waits for, and not the R2 simulator.
 */
const SLOW_BYTES_PER_SECOND = 8 * 1024 * 1024;

/** Options of {@link fullReport}. */
export interface FullOptions extends Omit<ReportOptions, "slowBytesPerSecond"> {
  /** Names in {@link FULL_ROWS}. */
  readonly rows: readonly string[];
  /** The command that is to be repeated, as the report tells it. */
  readonly command: string;
  /** Told of each measurement as it begins. */
  readonly progress: (line: string) => void;
}

/**
 * Measures the service, and whatever peers are installed, against their floors.
 *
 * @throws RangeError where there is no such row
 */
export async function fullReport({
  rows: names,
  command,
  progress,
  ...options
}: FullOptions): Promise<Report> {
  const measured = names.map((name) => {
    const measure = FULL_ROWS[name];
    if (measure !== undefined) return measure;
    throw new RangeError(`Cannot measure "${name}": there is ${Object.keys(FULL_ROWS).join(", ")}`);
  });
  const startMs = performance.now();
  const loadBefore = load();
  const facts = {
    date: new Date().toISOString(),
    command,
    machine: machineFacts(),
    versions: versionFacts(),
  };
  const reportOptions = { ...options, slowBytesPerSecond: SLOW_BYTES_PER_SECOND };
  const workerd = `workerd ${facts.versions["workerd"] ?? ""}`;
  let participants: readonly Participant[] = [];
  const lab = await Lab.start(
    reportOptions,
    (bundled) => {
      const entries: Entry[] = [
        sifEdge(bundled, workerd),
        dockerRegistry(),
        nginx({ sliced: false }),
        nginx({ sliced: true }),
      ];
      participants = entries.map(({ name, about, missing }) => ({
        name,
        about,
        ...(missing !== undefined && { missing }),
      }));
      return entries.filter(({ missing }) => missing === undefined);
    },
    progress,
  );
  const rows: ReportRow[] = [];
  try {
    for (const measure of measured) rows.push(...(await measure(lab)));
  } finally {
    await lab.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  const machine = { ...facts.machine, "load, before and after": `${loadBefore}, ${load()}` };
  return { ...facts, machine, options: reportOptions, seconds, participants, rows };
}

/** Writes a report into a directory: `report.md`, `report.json` and the plots. Returns the files' paths. */
export async function writeReport(report: Report, directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const files = {
    "report.md": markdownOf(report),
    "report.json": `${JSON.stringify(report, undefined, 2)}\n`,
    ...plotsOf(report),
  };
  const written: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    await writeFile(file, content);
    written.push(file);
  }
  return written;
}
