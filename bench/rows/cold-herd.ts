import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

const CLIENTS = 8;

/** Many clients at once on one blob that is not in the cache yet: until the last of them has it. */
export const coldHerd: Row = {
  name: "cold-herd",
  async measure(bench) {
    const image = await bench.image("a", bench.options.sizeBytes);
    let fetchedBytes = 0;
    const pairs = await inTurns(
      bench.options.repetitions,
      async () => {
        await bench.fresh();
        return (await bench.download(image)).totalMs / 1000;
      },
      async () => {
        await bench.fresh();
        await bench.takeUpstreamBytes(image);
        const results = await Promise.all(Array.from({ length: CLIENTS }, () => bench.download(image)));
        fetchedBytes = Math.max(fetchedBytes, await bench.takeUpstreamBytes(image));
        return Math.max(...results.map((result) => result.totalMs)) / 1000;
      },
    );
    const note = `upstream sent ${(fetchedBytes / image.sizeBytes).toFixed(2)} of the blob's bytes`;
    return [
      resultOf({
        name: this.name,
        against: "one cold client",
        unit: "s",
        required: { atMost: 1.5 },
        pairs,
        note,
      }),
    ];
  },
};
