import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

/** Publishing a file in a repository of the service's own: received, stored in pieces, verified, committed. */
export const upload: Row = {
  name: "upload",
  async measure(bench) {
    await bench.fresh();
    const { sizeBytes, repetitions } = bench.options;
    const pairs = await inTurns(
      repetitions,
      async (repetition) => (await bench.floorUpload(sizeBytes, `upload-${repetition}`)).totalMs / 1000,
      async () => (await bench.upload(sizeBytes)).totalMs / 1000,
    );
    return [
      resultOf({
        name: this.name,
        against: "one R2 put of the same upload",
        unit: "s",
        required: { atMost: 1.2 },
        pairs,
      }),
    ];
  },
};
