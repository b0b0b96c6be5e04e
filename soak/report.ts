import type { Counts } from "./clients.ts";
import type { Usage } from "./usage.ts";

/** What a soak came to. */
export interface SoakResult {
  readonly options: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly counts: Counts;
  readonly upstreamBytes: number;
  /** At regular times, oldest first; the last one is of the service at rest. */
  readonly samples: readonly Usage[];
  /** Images whose fill never ended. */
  readonly stuck: readonly string[];
}

const MIB = 1024 * 1024;
/**
 * The last third of a soak may need so much more memory than the third before. The R2 simulator in workerd keeps some
 * 20 kB a read until the heap has its size (a Worker of three lines does so too), which takes it ten minutes: shorter
 * soaks are not judged by it.
 */
const GROWTH = 1.15;
const LEAST_MINUTES = 15;
/** Connections that come and go by chance. */
const SPARE_DESCRIPTORS = 64;

/** A soak as text. */
export function report({ options, seconds, counts, upstreamBytes, samples }: SoakResult): string {
  const line = (name: string, value: (usage: Usage) => number): string =>
    `${name.padEnd(12)} ${samples.map((usage) => String(Math.round(value(usage)))).join(" ")}`;
  return [
    `soak: ${JSON.stringify(options)}, ${seconds} s`,
    `requests     ${JSON.stringify(counts)}`,
    `hit ratio    ${percent(counts.hits, counts.complete)} of complete downloads`,
    `bytes        ${Math.round(counts.bytes / MIB)} MiB to clients, ${Math.round(upstreamBytes / MIB)} MiB from the upstream`,
    line("memory MiB", ({ memoryBytes }) => memoryBytes / MIB),
    line("descriptors", ({ descriptors }) => descriptors),
  ].join("\n");
}

/** What must not be; empty for a good soak. */
export function judge({ options, counts, samples, stuck }: SoakResult): string[] {
  const found: string[] = [];
  if (counts.complete === 0) found.push("no download was complete");
  if (counts.wrong > 0) found.push(`${counts.wrong} complete downloads had wrong bytes`);
  for (const reference of stuck) found.push(`the fill of ${reference} never ended`);
  const third = Math.floor(samples.length / 3);
  const [before, late] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  const grows = (value: (usage: Usage) => number, factor: number, spare: number): boolean =>
    Math.max(...late.map(value)) > Math.max(...before.map(value)) * factor + spare;
  const long = (options["minutes"] ?? 0) >= LEAST_MINUTES;
  if (long && grows((usage) => usage.memoryBytes, GROWTH, 0)) found.push("memory keeps growing");
  if (grows((usage) => usage.descriptors, 1, SPARE_DESCRIPTORS)) found.push("descriptors keep growing");
  return found;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "none" : `${((100 * part) / whole).toFixed(1)} %`;
}
