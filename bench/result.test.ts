import { describe, expect, it } from "vitest";
import { resultOf } from "./result.ts";

const facts = { name: "row", against: "a floor", unit: "s", required: { atMost: 1.15 } };

describe("resultOf()", () => {
  it("compares each measurement with the floor beside it, on a machine that gets slower meanwhile", () => {
    const pairs = [1, 1.1, 1.2, 1.3, 2, 2.1, 2.2].map((floor) => ({ floor, measured: floor * 1.125 }));
    // Two pairs in which something else took its time.
    pairs.push({ floor: 1.1, measured: 2.2 }, { floor: 1.05, measured: 2.3 });
    const result = resultOf({ ...facts, pairs });
    expect(result.ratio).toBeCloseTo(1.125);
    expect(result.ok).toBe(true);
    // The medians belong to different pairs.
    expect(result.measured / result.floor).toBeGreaterThan(1.15);
  });

  it("holds a ratio to its limit, whichever way that lies", () => {
    const pairs = [{ measured: 1.2, floor: 1 }];
    expect(resultOf({ ...facts, pairs })).toMatchObject({ ratio: 1.2, ok: false });
    expect(resultOf({ ...facts, pairs, required: { atLeast: 1.15 } }).ok).toBe(true);
  });
});
