import { expect, test } from "vitest";
import { parseContentRange } from "./content-range.js";

test.each([
  ["bytes 5-9/10", { startBytes: 5, totalBytes: 10 }],
  ["bytes 5-9/*", undefined],
  ["bytes */10", undefined],
  ["5-9/10", undefined],
  [undefined, undefined],
])("parseContentRange(%j) is %j", (header, expected) => {
  expect(parseContentRange(header)).toEqual(expected);
});
