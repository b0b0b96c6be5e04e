import type { RecordedRequest } from "../../test/support/fault-log.ts";

/** How many different bytes of a blob an upstream has sent, however often each. */
export function coveredBytes(requests: readonly RecordedRequest[], digest: string): number {
  const intervals = requests
    .filter(({ path, status }) => path.includes(digest) && (status === 200 || status === 206))
    .map(({ headers, status, sentBytes }) => {
      const [, first] = /^bytes=(\d+)-/.exec(headers["range"] ?? "") ?? [];
      const startBytes = status === 206 ? Number(first) : 0;
      return { startBytes, endBytes: startBytes + sentBytes };
    })
    .toSorted((a, b) => a.startBytes - b.startBytes);
  let covered = 0;
  let reached = 0;
  for (const { startBytes, endBytes } of intervals) {
    covered += Math.max(0, endBytes - Math.max(startBytes, reached));
    reached = Math.max(reached, endBytes);
  }
  return covered;
}
