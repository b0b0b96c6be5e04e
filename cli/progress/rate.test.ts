import { describe, expect, test } from "vitest";
import { Rate } from "./rate.js";

describe("Rate", () => {
  test("cannot be told at first", () => {
    const rate = new Rate();
    rate.add(0, 0);
    expect(rate.bytesPerSecond(1000, 100)).toBeUndefined();
  });

  test("is that of the last seconds", () => {
    const rate = new Rate();
    for (let ms = 0; ms <= 10_000; ms += 250) rate.add(ms, ms);
    for (let ms = 10_250; ms <= 20_000; ms += 250) rate.add(10_000 + (ms - 10_000) * 3, ms);
    expect(rate.bytesPerSecond(40_000, 20_000)).toBe(3000);
  });

  test("goes to nothing when nothing moves", () => {
    const rate = new Rate();
    for (let ms = 0; ms <= 5000; ms += 250) rate.add(ms, ms);
    for (let ms = 5250; ms <= 12_000; ms += 250) rate.add(5000, ms);
    expect(rate.bytesPerSecond(5000, 12_000)).toBe(0);
  });
});
