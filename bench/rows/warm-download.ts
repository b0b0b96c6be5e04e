import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";
import { mebibytesPerSecond } from "../units.ts";

/** A download out of the cache. */
export const warmDownload: Row = {
  name: "warm-download",
  async measure(bench) {
    await bench.fresh();
    const image = await bench.image("a", bench.options.sizeBytes);
    await bench.download(image);
    await bench.floorPut(image, "object");
    const pairs = await inTurns(
      // Short ones: more of them.
      bench.options.repetitions * 3,
      async () => mebibytesPerSecond(image.sizeBytes, (await bench.floorGet(image, "object")).totalMs),
      async () => mebibytesPerSecond(image.sizeBytes, (await bench.download(image)).totalMs),
    );
    return [
      resultOf({
        name: this.name,
        against: "a Worker that returns one R2 object",
        unit: "MiB/s",
        required: { atLeast: 0.85 },
        pairs,
      }),
    ];
  },
};
