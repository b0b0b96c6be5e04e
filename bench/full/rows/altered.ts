import type { Lab } from "../lab.ts";
import type { ReportRow } from "../report.ts";

/**
 * The upstream alters one byte while a first client downloads, and none when a second one comes: how many of the two take
 * wrong bytes for the whole blob.
 */
export async function altered(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.image();
  const outcomes = await lab.eachCold("one byte altered", lab.entries, 1, async (target) => {
    await lab.upstream.calls.fault({
      match: { kind: "blob" },
      action: { kind: "flip", atByte: Math.floor(image.sizeBytes / 2) },
    });
    let wrong = 0;
    for (let client = 1; client <= 2; client++) {
      const { bodyBytes, digest } = await target.blob(image, undefined, { hash: true });
      await target.settle();
      await lab.upstream.calls.clearFaults();
      if (bodyBytes === image.sizeBytes && digest !== image.digest) wrong++;
      if (client === 2 && bodyBytes !== image.sizeBytes) {
        throw new Error(`the second client got ${bodyBytes} bytes of ${image.sizeBytes}`);
      }
    }
    return { wrong };
  });
  return [
    {
      name: "altered",
      title: "upstream alters one byte for the first of two clients: who take it for the whole",
      unit: "clients",
      better: "lower",
      floor: { what: "none: a client can only be told by a broken connection", cell: { values: [0] } },
      cells: outcomes.cells("wrong"),
    },
  ];
}
