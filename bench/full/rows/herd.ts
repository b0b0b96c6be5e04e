import type { Lab } from "../lab.ts";
import type { ReportRow } from "../report.ts";

const MIB = 1024 * 1024;
const SEVERAL = 8;
/** With so many, the blob is a quarter of the ordinary: what one machine's loopback has to carry is still 16 blobs. */
const MANY = 64;

/** Clients who come all at once for a blob that nobody asked for before. */
export async function herd(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.image();
  const floors = await lab.eachCold("store once", [lab.bareWorker], 1, async (target) => {
    const startMs = performance.now();
    await target.store(image);
    await target.blob(image);
    return {
      seconds: (performance.now() - startMs) / 1000,
      mebibytes: target.candidate.peakMemoryBytes() / MIB,
    };
  });
  const rows: ReportRow[] = [];
  for (const clients of [1, SEVERAL, MANY]) {
    const part = clients === MANY ? 4 : 1;
    const blob = part === 1 ? image : await lab.upstream.image("quarter", image.sizeBytes / part);
    const outcomes = await lab.eachCold(`${clients} cold clients`, lab.entries, 1, async (target) => {
      const startMs = performance.now();
      await Promise.all(Array.from({ length: clients }, () => target.pull(blob)));
      const seconds = (performance.now() - startMs) / 1000;
      await target.settle();
      return {
        seconds,
        blobs: (await lab.upstream.sentBytes(blob)) / blob.sizeBytes,
        mebibytes: target.candidate.peakMemoryBytes() / MIB,
      };
    });
    rows.push({
      name: "herd",
      title: `${clients} cold client${clients === 1 ? "" : "s"}: bytes from the upstream`,
      unit: "× blob",
      better: "lower",
      floor: { what: "the blob once", cell: { values: [1] } },
      cells: outcomes.cells("blobs"),
    });
    if (clients !== SEVERAL) continue;
    rows.push(
      {
        name: "herd",
        title: `${clients} cold clients: until the last has it`,
        unit: "s",
        better: "lower",
        floor: {
          what: "a bare Worker stores the blob as one R2 object and sends it once",
          cell: floors.cell(lab.bareWorker.name, "seconds"),
        },
        cells: outcomes.cells("seconds"),
      },
      {
        name: "herd",
        title: `${clients} cold clients: peak memory`,
        unit: "MiB",
        better: "lower",
        floor: {
          what: "workerd after a bare Worker stored the blob as one R2 object",
          cell: floors.cell(lab.bareWorker.name, "mebibytes"),
        },
        cells: outcomes.cells("mebibytes"),
      },
    );
  }
  return rows;
}
