import { inTurns, resultOf } from "../result.ts";
import type { Row } from "../result.ts";

/** Half a chunk, the one that is cut smallest: what comes behind it takes one request a chunk. */
const SIZE_BYTES = 8 * 1024 * 1024;

/** What an upstream is spared of the requests that Apptainer sends for one pull. */
export const apptainerPull: Row = {
  name: "apptainer-pull",
  async measure(bench) {
    const image = await bench.image("pulled", SIZE_BYTES);
    const warmed: { floor: number; measured: number }[] = [];
    const pairs = await inTurns(
      bench.options.repetitions,
      () => bench.pullAsApptainer(image, "upstream"),
      async () => {
        await bench.fresh();
        const cold = await bench.pullAsApptainer(image, "service");
        warmed.push({
          floor: await bench.pullAsApptainer(image, "upstream"),
          measured: await bench.pullAsApptainer(image, "service"),
        });
        return cold;
      },
    );
    const facts = { against: "Apptainer without the service", unit: "requests" };
    return [
      resultOf({ ...facts, name: "cold pull", required: { atMost: 1 }, pairs }),
      resultOf({ ...facts, name: "warm pull", required: { atMost: 0 }, pairs: warmed }),
    ];
  },
};
