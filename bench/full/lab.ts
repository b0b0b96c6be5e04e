import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../client.ts";
import type { Candidate, Entry } from "../peers/candidate.ts";
import { bareWorker, direct } from "../peers/floors.ts";
import { bundle } from "../runtime.ts";
import type { Bundle } from "../runtime.ts";
import { BenchUpstream } from "../upstream.ts";
import type { BenchImage } from "../upstream.ts";
import { Outcomes } from "./outcomes.ts";
import type { Figures } from "./outcomes.ts";
import type { ReportOptions } from "./report.ts";
import { Target } from "./target.ts";

/** What one measurement of one server may take; a peer that hangs must not hang the report. */
const MEASUREMENT_MS = 300_000;
/** Half of it lies in the middle of a piece of 16 MiB: what is lost there is neither none nor all of one. */
const MAX_SLOW_BYTES = 112 * 1024 * 1024;
const WARM_UP_BYTES = 1024 * 1024;

/** The upstream, the clients and the servers of a report. */
export class Lab {
  readonly options: ReportOptions;
  readonly upstream: BenchUpstream;
  readonly client = new Client();
  /** The servers that are compared; those that are installed. */
  readonly entries: readonly Entry[];
  readonly bareWorker: Entry;
  readonly #progress: (line: string) => void;

  private constructor(
    options: ReportOptions,
    upstream: BenchUpstream,
    bundled: Bundle,
    entries: readonly Entry[],
    progress: (line: string) => void,
  ) {
    this.options = options;
    this.upstream = upstream;
    this.entries = entries;
    this.bareWorker = bareWorker(bundled);
    this.#progress = progress;
  }

  /**
   * Starts the upstream and the clients.
   *
   * @param entriesOf - the servers to compare
   * @param progress - told of each measurement
   */
  static async start(
    options: ReportOptions,
    entriesOf: (bundled: Bundle) => readonly Entry[],
    progress: (line: string) => void,
  ): Promise<Lab> {
    const bundled = await bundle("bench/worker.ts");
    const upstream = await BenchUpstream.start(options.seed);
    return new Lab(options, upstream, bundled, entriesOf(bundled), progress);
  }

  /** The blob that is measured with. */
  image(): Promise<BenchImage> {
    return this.upstream.image("image", this.options.sizeBytes);
  }

  /** The blob for {@link slowly}: one of ordinary size would take minutes. */
  slowImage(): Promise<BenchImage> {
    return this.upstream.image("slow", Math.min(this.options.sizeBytes, MAX_SLOW_BYTES));
  }

  /**
   * Measures servers that have nothing stored, one after the other, each in processes that have just been started; in
   * another order each time, so that whatever else the machine does falls on all.
   */
  async eachCold(
    what: string,
    entries: readonly Entry[],
    repetitions: number,
    measure: (target: Target) => Promise<Figures>,
  ): Promise<Outcomes> {
    const outcomes = new Outcomes();
    await this.#inTurns(what, entries, repetitions, async (entry) => {
      await outcomes.note(entry.name, async () => [await this.#withTarget(entry, measure)]);
    });
    return outcomes;
  }

  /** Measures servers that have the image stored; all run meanwhile, and take turns. */
  async eachWarm(
    what: string,
    entries: readonly Entry[],
    repetitions: number,
    measure: (target: Target) => Promise<Figures>,
  ): Promise<Outcomes> {
    const outcomes = new Outcomes();
    const image = await this.image();
    const started = new Map<Entry, Target>();
    try {
      await this.#inTurns(`${what}, storing`, entries, 1, async (entry) => {
        const target = await this.#start(entry);
        started.set(entry, target);
        await outcomes.note(entry.name, async () => {
          if (entry !== direct) await inTime(target.warm(image));
          return [];
        });
      });
      await this.#inTurns(what, entries, repetitions, async (entry) => {
        const target = started.get(entry);
        if (target !== undefined)
          await outcomes.note(entry.name, async () => [await inTime(measure(target))]);
      });
    } finally {
      for (const target of started.values()) await target.candidate.stop();
    }
    return outcomes;
  }

  /** Has the upstream bring no more than `slowBytesPerSecond` on one connection while something runs. */
  async slowly<T>(run: () => Promise<T>): Promise<T> {
    const { slowBytesPerSecond: bytesPerSecond } = this.options;
    await this.upstream.calls.fault({
      match: { kind: "blob" },
      action: { kind: "throttle", bytesPerSecond },
    });
    try {
      return await run();
    } finally {
      await this.upstream.calls.clearFaults();
    }
  }

  /** Ends what {@link start} started. */
  async stop(): Promise<void> {
    this.client.stop();
    await this.upstream.stop();
  }

  /** Takes turns, in another order each time. */
  async #inTurns(
    what: string,
    entries: readonly Entry[],
    repetitions: number,
    take: (entry: Entry) => Promise<void>,
  ): Promise<void> {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const entry of rotated(entries, repetition)) {
        this.#progress(`${what}: ${entry.name}`);
        await take(entry);
      }
    }
  }

  async #withTarget<T>(entry: Entry, use: (target: Target) => Promise<T>): Promise<T> {
    const target = await this.#start(entry);
    try {
      return await inTime(use(target));
    } finally {
      await target.candidate.stop();
    }
  }

  /** Starts a server; what it compiles or opens at its first requests is done before anything is measured. */
  async #start(entry: Entry): Promise<Target> {
    const candidate: Candidate = await entry.start(this.upstream.url);
    const target = new Target(candidate, this.client, this.upstream);
    await target.warm(await this.upstream.image("warm-up", WARM_UP_BYTES)).catch(() => {});
    await this.upstream.calls.resetLog();
    return target;
  }
}

async function inTime<T>(measurement: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = sleep(MEASUREMENT_MS, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw new Error(`took longer than ${MEASUREMENT_MS / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([measurement, late]);
  } finally {
    abort.abort();
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
