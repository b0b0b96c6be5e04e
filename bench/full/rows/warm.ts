import { Random } from "../../../test/support/random.ts";
import { direct } from "../../peers/floors.ts";
import { median } from "../../result.ts";
import type { BenchImage } from "../../upstream.ts";
import { mebibytesPerSecond } from "../../units.ts";
import type { Lab } from "../lab.ts";
import type { Figures } from "../outcomes.ts";
import type { ReportRow } from "../report.ts";
import type { Target } from "../target.ts";

const SMALL_REQUESTS = 300;
const FIRST_RANGES = 20;
const FIRST_RANGE = { startBytes: 0, endBytes: 64 * 1024 } as const;
const RANGES = 64;
const RANGE_BYTES = 4 * 1024 * 1024;
const RANGE_CONNECTIONS = 4;

/** What is in the cache: how much later than from the upstream, and how fast. */
export async function warm(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.image();
  const { repetitions, seed } = lab.options;
  const near = await lab.eachWarm("warm", [direct, ...lab.entries], repetitions, async (target) => ({
    smallMs: await target.manifestMs(image, SMALL_REQUESTS),
    ...(await firstByte(target, image)),
    ...(await throughput(target, image, seed)),
  }));
  const floors = await lab.eachWarm("bare Worker", [lab.bareWorker], repetitions, (target) =>
    throughput(target, image, seed),
  );
  const latency = { name: "warm", unit: "ms", better: "lower" } as const;
  const rate = { name: "warm", unit: "MiB/s", better: "higher" } as const;
  return [
    {
      ...latency,
      title: "warm: a manifest by its tag",
      floor: { what: "the same request to the upstream", cell: near.cell(direct.name, "smallMs") },
      cells: near.cells("smallMs"),
    },
    {
      ...latency,
      title: "warm: the first byte of a range of 64 KiB",
      floor: { what: "the same request to the upstream", cell: near.cell(direct.name, "firstByteMs") },
      cells: near.cells("firstByteMs"),
    },
    {
      ...rate,
      title: "warm: one download",
      floor: {
        what: "a bare Worker that returns one R2 object, or the range of it",
        cell: floors.cell(lab.bareWorker.name, "download"),
      },
      cells: near.cells("download"),
    },
    {
      ...rate,
      title: `warm: ranges of 4 MiB at random places, ${RANGE_CONNECTIONS} at a time`,
      floor: {
        what: "a bare Worker that returns one R2 object, or the range of it",
        cell: floors.cell(lab.bareWorker.name, "ranges"),
      },
      cells: near.cells("ranges"),
    },
  ];
}

async function firstByte(target: Target, image: BenchImage): Promise<Figures> {
  const times: number[] = [];
  for (let count = 0; count < FIRST_RANGES; count++) {
    times.push((await target.range(image, FIRST_RANGE)).firstByteMs);
  }
  return { firstByteMs: median(times) };
}

async function throughput(target: Target, image: BenchImage, seed: number): Promise<Figures> {
  const { totalMs, bodyBytes } = await target.blob(image);
  if (bodyBytes !== image.sizeBytes) throw new Error(`${bodyBytes} bytes of ${image.sizeBytes} came`);
  const random = new Random(seed);
  const rangeBytes = Math.min(RANGE_BYTES, image.sizeBytes);
  const starts = Array.from({ length: RANGES }, () => random.integer(0, image.sizeBytes - rangeBytes));
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: RANGE_CONNECTIONS }, async () => {
      for (let startBytes = starts.pop(); startBytes !== undefined; startBytes = starts.pop()) {
        await target.range(image, { startBytes, endBytes: startBytes + rangeBytes });
      }
    }),
  );
  return {
    download: mebibytesPerSecond(image.sizeBytes, totalMs),
    ranges: mebibytesPerSecond(RANGES * rangeBytes, performance.now() - startMs),
  };
}
