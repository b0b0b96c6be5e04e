import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";
import { mebibytesPerSecond } from "../units.ts";

/** Hashing an upload as it streams. */
export const hash: Row = {
  name: "hash",
  async measure(bench) {
    await bench.fresh();
    const bodyBytes = bench.options.sizeBytes;
    async function upload(path: string): Promise<number> {
      const { totalMs } = await bench.request({ method: "POST", path, bodyBytes });
      return mebibytesPerSecond(bodyBytes, totalMs);
    }
    const pairs = await inTurns(
      bench.options.repetitions,
      () => upload("/floor/echo"),
      () => upload("/v1/hash"),
    );
    return [
      resultOf({
        name: this.name,
        against: "the same upload sent back by new Response(request.body)",
        unit: "MiB/s",
        required: { atLeast: 0.5 },
        pairs,
      }),
    ];
  },
};
