import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

/** `CHUNK_BYTES`, of which the service fetches one before its first byte can leave. */
const PIECE_BYTES = 16 * 1024 * 1024;

/**
 * How long the first byte of a cold download takes. The blob is the large one: a wait that grows with its size would
 * show.
 */
export const firstByte: Row = {
  name: "first-byte",
  async measure(bench) {
    const image = await bench.image("a", bench.options.largeBytes);
    const pairs = await inTurns(
      bench.options.repetitions * 2 + 1,
      async () => (await bench.fetchDirectly(image, PIECE_BYTES)).totalMs,
      async () => {
        await bench.fresh();
        return (await bench.download(image, { stopAfterBytes: 1 })).firstByteMs;
      },
    );
    return [
      resultOf({
        name: this.name,
        against: "fetching one piece directly from the upstream",
        unit: "ms",
        required: { atMost: 2 },
        pairs,
      }),
    ];
  },
};
