import { expect, test } from "vitest";
import { safeFileName } from "./safe-name.js";

test.each([
  ["tool.sif", "tool.sif"],
  ["../../etc/tool.sif", "tool.sif"],
  ["C:\\windows\\tool.sif", "tool.sif"],
  ["a\u0000b\nc\u202Ed.sif", "a_b_c_d.sif"],
  ['a"b<c>.sif', "a_b_c_.sif"],
  ["Bild für Anna.sif", "Bild für Anna.sif"],
  ["..", undefined],
  [".bashrc", undefined],
  ["-rf", undefined],
  ["dir/", undefined],
  ["", undefined],
  ["é".repeat(128), undefined],
])("safeFileName(%j) is %j", (name, expected) => {
  expect(safeFileName(name)).toBe(expected);
});
