/** What a soak came to, and whether that is good: a table of verdicts. */

import type { Counts } from "./clients.ts";
import type { HitCounts } from "./expectation.ts";

/** One process over the whole soak. */
export interface Series {
  /** Program and process id. */
  readonly name: string;
  /** `service`, or `control` for what it is compared with. */
  readonly of: "service" | "control";
  /** Resident memory at regular times under load, oldest first. */
  readonly memoryBytes: readonly number[];
  /** Open descriptors before the first client and some time after the last one. */
  readonly restingDescriptors: { readonly before: number; readonly after: number };
  /** Whether it ended while it was watched. */
  readonly ended: boolean;
}

/** What a soak came to. */
export interface SoakResult {
  readonly options: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly counts: Counts;
  readonly hits: HitCounts;
  readonly upstream: { readonly requests: number; readonly failed: number; readonly bytes: number };
  readonly processes: readonly Series[];
  /** Images whose fill never ended. */
  readonly stuck: readonly string[];
}

/** One line of the table. `-`: told, and not judged. */
export interface Verdict {
  readonly verdict: "PASS" | "FAIL" | "-";
  readonly what: string;
  readonly measured: string;
  readonly allowed: string;
}

const MIB = 1024 * 1024;
/** Memory counts as flat where the median of the last quarter is at most so much above that of the second. */
const GROWTH = 0.15;
const SPARE_BYTES = 16 * MIB;
const SPARE_DESCRIPTORS = 16;
/** In shorter soaks heaps have not yet taken the size that they keep: their memory is told and not judged. */
const LEAST_MINUTES = 15;

/** Everything that is judged. */
export function judge(result: SoakResult): Verdict[] {
  const { counts, hits, upstream, options, stuck } = result;
  const failing = options["failPercent"] ?? 0;
  const ended = result.processes.filter((series) => series.ended).map(({ name }) => name);
  const failed = (100 * upstream.failed) / Math.max(1, upstream.requests);
  return [
    verdict("complete downloads", counts.complete > 0, String(counts.complete), "more than none"),
    verdict("wrong bytes in them", counts.wrong === 0, String(counts.wrong), "0"),
    ratio(hits),
    verdict("hits denied", hits.denied === 0, `${hits.denied} of ${hits.mustHit}`, "0"),
    verdict("fills that never ended", stuck.length === 0, stuck.length === 0 ? "0" : stuck.join(" "), "0"),
    verdict(
      "upstream requests that failed",
      failing === 0 || (failed > failing / 2 && failed < failing * 2),
      `${failed.toFixed(1)} % of ${upstream.requests}`,
      `about ${failing} %, as ordered`,
    ),
    verdict("processes that ended", ended.length === 0, ended.join(", ") || "none", "none"),
    ...memory(result),
    ...result.processes.filter(({ of }) => of === "service").map(descriptors),
  ];
}

/** The ratio of hits is where it was computed to be. */
function ratio({ answers, hits, mustHit, mustMiss }: HitCounts): Verdict {
  const percent = (part: number): string => ((100 * part) / Math.max(1, answers)).toFixed(2);
  return verdict(
    "hit ratio",
    answers > 0 && hits >= mustHit && hits <= answers - mustMiss,
    `${percent(hits)} % of ${answers}`,
    `${percent(mustHit)} to ${percent(answers - mustMiss)} %, computed`,
  );
}

/** A workerd may grow by what the R2 simulator makes the control grow by for as many reads, and by the tolerance. */
function memory({ processes, options }: SoakResult): Verdict[] {
  const control = processes.find(({ of }) => of === "control");
  const controlGrowth = control === undefined ? 0 : Math.max(0, growth(control).grown);
  const long = (options["minutes"] ?? 0) >= LEAST_MINUTES;
  return processes.map((series) => {
    const { before, late, grown } = growth(series);
    const isWorkerd = series.name.startsWith("workerd");
    const allowed = before * GROWTH + SPARE_BYTES + (isWorkerd ? controlGrowth : 0);
    const measured = `${mib(before)} -> ${mib(late)} MiB`;
    const what = `memory of ${series.name}`;
    if (series.of === "control")
      return { verdict: "-", what: `${what}, control`, measured, allowed: "the R2 simulator's own" };
    const of = isWorkerd && control !== undefined ? `, ${mib(controlGrowth)} of it as the control` : "";
    const row = verdict(what, grown <= allowed, measured, `+${mib(allowed)} MiB${of}`);
    return long ? row : { ...row, verdict: "-", allowed: `not judged under ${LEAST_MINUTES} min` };
  });
}

/** Under load their number is that of the clients of the moment; what leaks stays when all are gone. */
function descriptors({ name, restingDescriptors: { before, after } }: Series): Verdict {
  return verdict(
    `descriptors of ${name} at rest`,
    after <= before + SPARE_DESCRIPTORS,
    `${before} -> ${after}`,
    `+${SPARE_DESCRIPTORS}`,
  );
}

/** Medians of the second and the last quarter: the first quarter is the start, single peaks are chance. */
function growth({ memoryBytes }: Series) {
  const quarter = Math.floor(memoryBytes.length / 4);
  const before = median(memoryBytes.slice(quarter, 2 * quarter));
  const late = median(memoryBytes.slice(memoryBytes.length - quarter));
  return { before, late, grown: late - before };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A soak as text: what was counted, the series, and the verdicts. */
export function report(result: SoakResult): string {
  const { options, seconds, counts, upstream, processes } = result;
  const verdicts = judge(result);
  const widths = (["what", "measured"] as const).map((column) =>
    Math.max(...verdicts.map((row) => row[column].length)),
  );
  const [what = 0, measured = 0] = widths;
  return [
    `soak: ${JSON.stringify(options)}, ${seconds} s`,
    `requests: ${JSON.stringify(counts)}`,
    `bytes: ${mib(counts.bytes)} MiB to clients, ${mib(upstream.bytes)} MiB from the upstream`,
    ...processes.map(
      ({ name, of, memoryBytes }) => `memory of ${name} (${of}), MiB: ${memoryBytes.map(mib).join(" ")}`,
    ),
    "",
    ...verdicts.map((row) =>
      [row.verdict.padEnd(4), row.what.padEnd(what), row.measured.padEnd(measured), row.allowed].join("  "),
    ),
    "",
    passed(verdicts) ? "PASS" : "FAIL",
  ].join("\n");
}

/** Whether nothing failed. */
export function passed(verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ verdict }) => verdict !== "FAIL");
}

function verdict(what: string, good: boolean, measured: string, allowed: string): Verdict {
  return { verdict: good ? "PASS" : "FAIL", what, measured, allowed };
}

function mib(bytes: number): number {
  return Math.round(bytes / MIB);
}
