import { describe, expect, it } from "vitest";
import { type Series, type SoakResult, judge, passed, report } from "./report.ts";

const MIB = 2 ** 20;

/** A process whose memory goes from one value to another, quarter by quarter. */
function series(name: string, of: Series["of"], memoryMib: number[], descriptorsAfter = 80): Series {
  const memoryBytes = memoryMib.flatMap((memory) => Array.from({ length: 5 }, () => memory * MIB));
  return { name, of, memoryBytes, restingDescriptors: { before: 80, after: descriptorsAfter }, ended: false };
}

const good: SoakResult = {
  options: { minutes: 30, failPercent: 5 },
  seconds: 1800,
  counts: {
    requests: 9,
    complete: 8,
    broken: 1,
    refused: 0,
    stale: 0,
    vanished: 0,
    wrong: 0,
    bytes: 3 * MIB,
    control: 9,
  },
  hits: { answers: 200, hits: 150, mustHit: 148, mustMiss: 45, denied: 0 },
  upstream: { requests: 100, failed: 5, bytes: MIB },
  processes: [
    series("workerd 1", "service", [100, 200, 205, 210]),
    series("node 2", "service", [90, 100, 100, 100]),
    series("workerd 3", "control", [100, 200, 230, 240]),
  ],
  stuck: [],
};

function failures(changes: Partial<SoakResult>): string[] {
  return judge({ ...good, ...changes })
    .filter(({ verdict }) => verdict === "FAIL")
    .map(({ what, measured }) => `${what}: ${measured}`);
}

describe("judge()", () => {
  it("passes a good soak", () => {
    expect(failures({})).toEqual([]);
    expect(passed(judge(good))).toBe(true);
  });

  it.each<[found: string, changes: Partial<SoakResult>]>([
    ["complete downloads: 0", { counts: { ...good.counts, complete: 0 } }],
    ["wrong bytes in them: 2", { counts: { ...good.counts, wrong: 2 } }],
    ["fills that never ended: lab/a:1", { stuck: ["lab/a:1"] }],
    [
      "processes that ended: workerd 1",
      { processes: [{ ...series("workerd 1", "service", [100, 200, 205, 210]), ended: true }] },
    ],
    ["hits denied: 1 of 148", { hits: { ...good.hits, denied: 1 } }],
    ["hit ratio: 73.00 % of 200", { hits: { ...good.hits, hits: 146 } }],
    ["hit ratio: 78.00 % of 200", { hits: { ...good.hits, hits: 156 } }],
    ["upstream requests that failed: 0.0 % of 100", { upstream: { ...good.upstream, failed: 0 } }],
    ["memory of node 2: 100 -> 140 MiB", { processes: [series("node 2", "service", [90, 100, 110, 140])] }],
    [
      "memory of workerd 1: 200 -> 250 MiB",
      { processes: [series("workerd 1", "service", [100, 200, 205, 250])] },
    ],
    [
      "descriptors of workerd 1 at rest: 80 -> 97",
      { processes: [series("workerd 1", "service", [100, 100, 100, 100], 97)] },
    ],
  ])("finds %s", (found, changes) => {
    expect(failures(changes)).toEqual([found]);
  });

  it("allows a workerd what the control has grown by, and no other process", () => {
    const control = series("workerd 3", "control", [100, 200, 230, 240]);
    const workerd = series("workerd 1", "service", [100, 200, 205, 280]);
    const node = series("node 2", "service", [100, 200, 205, 280]);
    expect(failures({ processes: [workerd, node, control] })).toEqual(["memory of node 2: 200 -> 280 MiB"]);
  });

  it("tells the memory of a short soak, and does not judge it", () => {
    const processes = [series("node 2", "service", [90, 100, 110, 900])];
    expect(failures({ options: { minutes: 3 }, processes })).toEqual([]);
    expect(judge({ ...good, options: { minutes: 3 }, processes })).toContainEqual(
      expect.objectContaining({ verdict: "-", measured: "100 -> 900 MiB" }),
    );
  });
});

describe("report()", () => {
  it("is a table that ends in the verdict", () => {
    const lines = report(good).split("\n");
    expect(lines).toContain("bytes: 3 MiB to clients, 1 MiB from the upstream");
    expect(lines.find((line) => line.includes("hit ratio"))).toMatch(
      /^PASS {2}hit ratio +75\.00 % of 200 +74\.00 to 77\.50 %, computed$/,
    );
    expect(lines.at(-1)).toBe("PASS");
    expect(
      report({ ...good, stuck: ["a"] })
        .split("\n")
        .at(-1),
    ).toBe("FAIL");
  });
});
