import type { Bench } from "../bench.ts";
import { resultOf } from "../result.ts";
import type { Row } from "../result.ts";

const CLIENTS = 8;
const SLOW_BYTES_PER_SECOND = 4 * 1024 * 1024;
const MIB = 1024 * 1024;

/** The most memory that workerd has while it works hard, the R2 simulator's own within it. */
export const memory: Row = {
  name: "memory",
  async measure(bench) {
    const image = await bench.image("a", bench.options.sizeBytes);
    const large = await bench.image("b", bench.options.largeBytes);
    await bench.fresh();
    await bench.floorPut(image, "object");
    const floor = bench.peakMemoryBytes() / MIB;

    await bench.fresh();
    await herdWithOneSlow(bench);
    const afterHerd = bench.peakMemoryBytes() / MIB;
    await bench.download(large);
    const afterLarge = bench.peakMemoryBytes() / MIB;

    return [
      resultOf({
        name: "memory",
        against: "its peak after one raw R2 put",
        unit: "MiB",
        required: { atMost: 1.15 },
        pairs: [{ floor, measured: afterLarge }],
      }),
      // The large blob after the ordinary one: the last few per cent are the allocator's, not the blob's.
      resultOf({
        name: "memory-growth",
        against: "its peak before the large blob",
        unit: "MiB",
        required: { atMost: 1.05 },
        pairs: [{ floor: afterHerd, measured: afterLarge }],
      }),
    ];
  },
};

/** Cold clients, one of which reads slowly and goes away after half a minute: the others are done long before. */
async function herdWithOneSlow(bench: Bench): Promise<void> {
  const image = await bench.image("a", bench.options.sizeBytes);
  const slowBytes = Math.min(image.sizeBytes, 30 * SLOW_BYTES_PER_SECOND);
  await Promise.all([
    bench.download(image, { bytesPerSecond: SLOW_BYTES_PER_SECOND, stopAfterBytes: slowBytes }),
    ...Array.from({ length: CLIENTS - 1 }, () => bench.download(image)),
  ]);
}
