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
