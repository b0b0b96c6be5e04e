import { resultOf } from "../result.ts";
import type { Row } from "../result.ts";

const CLIENTS = 8;
const MIB = 1024 * 1024;

/** The most memory that workerd has during several uploads at once, the R2 simulator's own within it. */
export const uploadMemory: Row = {
  name: "upload-memory",
  async measure(bench) {
    const { sizeBytes } = bench.options;
    await bench.fresh();
    await bench.floorUpload(sizeBytes, "object");
    const floor = bench.peakMemoryBytes() / MIB;

    await bench.fresh();
    await Promise.all(Array.from({ length: CLIENTS }, () => bench.upload(sizeBytes)));
    return [
      resultOf({
        name: this.name,
        against: "its peak after one raw R2 put",
        unit: "MiB",
        required: { atMost: 1.15 },
        pairs: [{ floor, measured: bench.peakMemoryBytes() / MIB }],
        note: `${CLIENTS} uploads at once`,
      }),
    ];
  },
};
