import { direct } from "../../peers/floors.ts";
import type { Lab } from "../lab.ts";
import type { ReportRow } from "../report.ts";

const RANGE_BYTES = 1024 * 1024;

/** The first byte of what nobody asked for before. */
export async function coldFirstByte(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.image();
  const outcomes = await lab.eachCold(
    "cold first byte",
    [direct, ...lab.entries],
    lab.options.repetitions,
    async (target) => ({ ms: (await target.pull(image, { stopAfterBytes: 1 })).firstByteMs }),
  );
  return [
    {
      name: "cold-first-byte",
      title: "cold: first byte, manifest included",
      unit: "ms",
      better: "lower",
      floor: { what: "the same two requests to the upstream", cell: outcomes.cell(direct.name, "ms") },
      cells: outcomes.cells("ms"),
    },
  ];
}

/** A range behind three quarters of a blob that nobody asked for before, from an upstream that is not fast. */
export async function coldRange(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.slowImage();
  const startBytes = Math.floor(image.sizeBytes * 0.75);
  const outcomes = await lab.eachCold("cold range", [direct, ...lab.entries], 1, (target) =>
    lab.slowly(async () => {
      const range = { startBytes, endBytes: startBytes + RANGE_BYTES };
      return { ms: (await target.range(image, range)).totalMs };
    }),
  );
  return [
    {
      name: "cold-range",
      title: "cold: 1 MiB behind 75 %, slow upstream",
      unit: "ms",
      better: "lower",
      floor: { what: "the same range from the upstream", cell: outcomes.cell(direct.name, "ms") },
      cells: outcomes.cells("ms"),
    },
  ];
}
