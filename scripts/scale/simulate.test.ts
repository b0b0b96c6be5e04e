import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Timeline } from "./heap.ts";
import { type Scenario, simulate } from "./simulate.ts";

const MIB = 2 ** 20;

const one: Scenario = {
  name: "one",
  nodes: 1,
  sizeBytes: 100 * MIB,
  chunkBytes: 16 * MIB,
  upstreamBytesPerSecond: 10 * MIB,
  nodeBytesPerSecond: 1000 * MIB,
  spreadSeconds: 0,
  objectCallsPerSecond: 1000,
  warm: false,
  waitsSharedIn: 0,
  resolutionsSharedIn: 0,
};

it("Timeline gives back the earliest first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (times) => {
      const timeline = new Timeline<{ readonly atSeconds: number }>();
      for (const atSeconds of times) timeline.add({ atSeconds });
      const given = times.map(() => timeline.next()?.atSeconds);
      expect(given).toEqual(times.toSorted((a, b) => a - b));
      expect(timeline.next()).toBeUndefined();
    }),
  );
});

describe("simulate()", () => {
  it("has one cold node follow its fill, piece by piece", () => {
    const { pieces, repository, blob, classA, classB, doneSeconds, fillSeconds } = simulate(one);
    expect(repository.calls).toBe(1);
    // It opens, and waits for each piece: it is faster than the upstream.
    expect(blob.calls).toBe(1 + pieces);
    expect(classA).toBe(pieces + 1);
    // The commit record, and each piece twice: by the reader, and by the verifier.
    expect(classB).toBe(1 + 2 * pieces);
    expect(fillSeconds).toBeCloseTo(10.3);
    expect(doneSeconds).toBeGreaterThan(fillSeconds);
    expect(doneSeconds).toBeLessThan(fillSeconds + 0.1);
  });

  it("has a warm node meet no Blob object", () => {
    const { pieces, blob, classA, classB } = simulate({ ...one, warm: true });
    expect([blob.calls, classA, classB]).toEqual([0, 0, 1 + pieces]);
  });

  it("has calls wait for their turn", () => {
    const { repository } = simulate({ ...one, nodes: 500, warm: true });
    expect(repository.calls).toBe(500);
    expect(repository.longestQueueSeconds).toBeGreaterThan(0.4);
  });

  it("has nodes in one isolate share what is shared", () => {
    const shared = { ...one, nodes: 500, waitsSharedIn: 5, resolutionsSharedIn: 5 };
    const { pieces, repository, blob } = simulate(shared);
    expect(repository.calls).toBe(5);
    expect(blob.calls).toBeLessThanOrEqual(500 + 5 * pieces * 2);
  });
});
