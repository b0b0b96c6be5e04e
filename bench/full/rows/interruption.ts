import type { BenchImage } from "../../upstream.ts";
import { coveredBytes } from "../covered-bytes.ts";
import type { Lab } from "../lab.ts";
import type { Figures } from "../outcomes.ts";
import type { ReportRow } from "../report.ts";
import type { Target } from "../target.ts";

const MIB = 1024 * 1024;
const ONCE = { what: "the blob once", cell: { values: [1] } } as const;

/** What does not grow with the blob, where pieces are kept. */
const AGAIN = {
  unit: "MiB",
  better: "lower",
  floor: { what: "nothing", cell: { values: [0] } },
} as const;

/** The upstream breaks a connection off in the middle of the blob; a second client comes when the first has it. */
export async function cut(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.image();
  const outcomes = await lab.eachCold("cut at half", lab.entries, 1, async (target) => {
    await lab.upstream.calls.fault({
      match: { kind: "blob" },
      times: 1,
      action: { kind: "drop", atByte: Math.floor(image.sizeBytes / 2) },
    });
    try {
      const requests = await target.downloadUntilWhole(image);
      return await afterwards(lab, target, image, { requests });
    } finally {
      await lab.upstream.calls.clearFaults();
    }
  });
  return [
    {
      name: "cut",
      title: "upstream cut at 50 %, then a second client: bytes from the upstream",
      unit: "× blob",
      better: "lower",
      floor: ONCE,
      cells: outcomes.cells("blobs"),
    },
    { ...AGAIN, name: "cut", title: "upstream cut at 50 %: fetched again", cells: outcomes.cells("again") },
    {
      name: "cut",
      title: "upstream cut at 50 %: requests until the client has it",
      unit: "requests",
      better: "lower",
      floor: { what: "one: it does not notice", cell: { values: [1] } },
      cells: outcomes.cells("requests"),
    },
  ];
}

/** The server dies when the upstream has sent it half of the blob, and starts again on its store; the client asks for the rest. */
export async function killed(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.slowImage();
  const outcomes = await lab.eachCold("killed at half", lab.entries, 1, (target) =>
    lab.slowly(async () => {
      const { download } = await target.begin(
        () => target.blob(image),
        async () => coveredBytes(await lab.upstream.calls.requests(), image.digest) >= image.sizeBytes / 2,
      );
      await target.candidate.crash();
      const { bodyBytes } = await download;
      await target.downloadUntilWhole(image, bodyBytes);
      return afterwards(lab, target, image, {});
    }),
  );
  return [
    {
      name: "killed",
      title: "killed at 50 %, slow upstream, then a second client: bytes from the upstream",
      unit: "× blob",
      better: "lower",
      floor: ONCE,
      cells: outcomes.cells("blobs"),
    },
    { ...AGAIN, name: "killed", title: "killed at 50 %: fetched again", cells: outcomes.cells("again") },
  ];
}

/** A second client, when nothing is on its way any more; and what the upstream has sent for both. */
async function afterwards(lab: Lab, target: Target, image: BenchImage, figures: Figures): Promise<Figures> {
  await target.settle();
  await target.downloadUntilWhole(image);
  await target.settle();
  const sentBytes = await lab.upstream.sentBytes(image);
  return {
    ...figures,
    blobs: sentBytes / image.sizeBytes,
    again: (sentBytes - image.sizeBytes) / MIB,
  };
}
