import { direct } from "../../peers/floors.ts";
import type { Lab } from "../lab.ts";
import type { ReportRow } from "../report.ts";

/** What the leader has when the follower comes: the size of the service's own pieces, and of nginx's slices. */
const LEAD_BYTES = 16 * 1024 * 1024;

/**
 * A second client on a blob that is still being fetched for a first, from an upstream that is not fast: how long it waits
 * for its first byte, and how much later than the first it has its last.
 */
export async function follower(lab: Lab): Promise<ReportRow[]> {
  const image = await lab.slowImage();
  const outcomes = await lab.eachCold("follower", [direct, ...lab.entries], 1, (target) =>
    lab.slowly(async () => {
      const before = await lab.client.receivedBytes();
      const leader = await target.begin(
        () => target.pull(image),
        async () => (await lab.client.receivedBytes()) - before >= LEAD_BYTES,
      );
      const leaderEnd = leader.download.then(() => performance.now());
      const { firstByteMs } = await target.pull(image);
      const followerEndMs = performance.now();
      return { firstByteMs, behindMs: Math.max(0, followerEndMs - (await leaderEnd)) };
    }),
  );
  return [
    {
      name: "follower",
      title: "follower, when the leader has 16 MiB, slow upstream: its first byte",
      unit: "ms",
      better: "lower",
      floor: {
        what: "a second client at the upstream itself",
        cell: outcomes.cell(direct.name, "firstByteMs"),
      },
      cells: outcomes.cells("firstByteMs"),
    },
    {
      name: "follower",
      title: "follower: its last byte after the leader's",
      unit: "ms",
      better: "lower",
      floor: { what: "none: both at once", cell: { values: [0] } },
      cells: outcomes.cells("behindMs"),
    },
  ];
}
