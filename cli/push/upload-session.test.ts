import { expect, test } from "vitest";
import { parseOffset } from "./upload-session.js";

test.each([
  ["0-0", 0],
  ["0-99", 100],
  ["bytes=0-99", 100],
  ["5-99", undefined],
  ["0-", undefined],
  [undefined, undefined],
])("parseOffset(%j) is %j", (range, expected) => {
  expect(parseOffset(range)).toBe(expected);
});
