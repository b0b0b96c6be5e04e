import { expect, test } from "vitest";
import { formatTime, readInt64 } from "./numbers.ts";

function viewOf(value: bigint): DataView {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, value, true);
  return view;
}

test("64-bit integers are little-endian and signed", () => {
  expect(readInt64(viewOf(4096n), 0)).toBe(4096);
  expect(readInt64(viewOf(-1n), 0)).toBe(-1);
  expect(readInt64(viewOf(BigInt(Number.MAX_SAFE_INTEGER)), 0)).toBe(Number.MAX_SAFE_INTEGER);
});

test("integers that no number holds exactly stay beyond every size", () => {
  expect(readInt64(viewOf(2n ** 63n - 1n), 0)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  expect(readInt64(viewOf(-(2n ** 63n)), 0)).toBeLessThan(Number.MIN_SAFE_INTEGER);
});

test("a time is written as RFC 3339 in UTC", () => {
  expect(formatTime(1_590_175_859)).toBe("2020-05-22T19:30:59Z");
  expect(formatTime(253_402_300_799)).toBe("9999-12-31T23:59:59Z");
});

test.each([-62_135_596_800, 0, -1, 253_402_300_800, 2 ** 63, -(2 ** 63), Number.NaN])(
  "the time %d counts as untold",
  (seconds) => {
    expect(formatTime(seconds)).toBeNull();
  },
);
