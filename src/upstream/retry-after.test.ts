import * as fc from "fast-check";
import { expect, test } from "vitest";
import { retryAfterSeconds } from "./retry-after.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

test.each([
  [null, undefined],
  ["", undefined],
  ["soon", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["0", 0],
  [" 120 ", 120],
  ["99999999999999999999", 31_536_000],
  ["Thu, 01 Jan 2026 12:00:07 GMT", 7],
  ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
])("Retry-After %j asks for %j seconds", (header, seconds) => {
  expect(retryAfterSeconds(header, NOW)).toBe(seconds);
});

test("any text asks for some seconds of a year, or for nothing", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.bigInt().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const seconds = retryAfterSeconds(text, NOW) ?? 0;
      expect(seconds >= 0 && seconds <= 31_536_000 && Number.isInteger(seconds)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
