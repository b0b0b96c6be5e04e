import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

/** A download of what is not in the cache yet, verified to its end. */
export const coldDownload: Row = {
  name: "cold-download",
  async measure(bench) {
    const image = await bench.image("a", bench.options.sizeBytes);
    const pairs = await inTurns(
      // One measurement differs from the next by some per cent, and that is how close it is to what it must reach.
      bench.options.repetitions * 5,
      async () => {
        await bench.fresh();
        return (await bench.floorPut(image, "object")).totalMs / 1000;
      },
      async () => {
        await bench.fresh();
        return (await bench.download(image)).totalMs / 1000;
      },
    );
    return [
      resultOf({
        name: this.name,
        against: "one R2 put of the upstream's body",
        unit: "s",
        required: { atMost: 1.15 },
        pairs,
      }),
    ];
  },
};
