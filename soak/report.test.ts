import { describe, expect, it } from "vitest";
import { type SoakResult, judge, report } from "./report.ts";

const good: SoakResult = {
  options: { minutes: 30 },
  seconds: 1800,
  counts: {
    requests: 9,
    complete: 8,
    hits: 6,
    broken: 1,
    refused: 0,
    vanished: 0,
    wrong: 0,
    bytes: 3 * 2 ** 20,
  },
  upstreamBytes: 2 ** 20,
  samples: Array.from({ length: 9 }, () => ({ memoryBytes: 2 ** 28, descriptors: 200 })),
  stuck: [],
};

/** Samples whose last third is of another kind. */
function ending(last: { memoryBytes: number; descriptors: number }): SoakResult["samples"] {
  return [...good.samples.slice(0, 6), last, last, last];
}

describe("judge()", () => {
  it("finds nothing in a good soak", () => {
    expect(judge(good)).toEqual([]);
  });

  it.each<[found: string, result: Partial<SoakResult>]>([
    ["no download was complete", { counts: { ...good.counts, complete: 0 } }],
    ["2 complete downloads had wrong bytes", { counts: { ...good.counts, wrong: 2 } }],
    ["the fill of lab/a:1 never ended", { stuck: ["lab/a:1"] }],
    ["memory keeps growing", { samples: ending({ memoryBytes: 2 ** 29, descriptors: 200 }) }],
    ["descriptors keep growing", { samples: ending({ memoryBytes: 2 ** 28, descriptors: 300 }) }],
  ])("finds that %s", (found, result) => {
    expect(judge({ ...good, ...result })).toEqual([found]);
  });

  it("does not judge the memory of a short soak", () => {
    const samples = ending({ memoryBytes: 2 ** 29, descriptors: 200 });
    expect(judge({ ...good, options: { minutes: 3 }, samples })).toEqual([]);
  });
});

it("report() tells ratios and series", () => {
  expect(report(good)).toContain("75.0 % of complete downloads");
  expect(report(good)).toContain("3 MiB to clients, 1 MiB from the upstream");
});
