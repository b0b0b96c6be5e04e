import { expect, test } from "vitest";
import { buildSif, SLOT_BYTES, TABLE_OFFSET } from "../../test/support/sif-builder.ts";
import { parseDescriptors } from "./descriptor.ts";
import type { SifProblem } from "./invalid.ts";
import { checkLinks } from "./links.ts";

function checkLinked(links: readonly number[]): SifProblem[] {
  const file = buildSif(links.map((link) => ({ type: 0x4007, link })));
  return checkLinks(parseDescriptors(file.subarray(TABLE_OFFSET, TABLE_OFFSET + links.length * SLOT_BYTES)));
}

test("links to objects and groups that are there are sound", () => {
  expect(checkLinked([0, 1, 2, 1, 0xf000_0001])).toEqual([]);
});

test.each([
  ["itself", [1], "descriptor 0, link is object 1"],
  ["each other", [2, 1], "descriptor 0, link is object 2"],
  ["a circle further on", [2, 3, 4, 2], "descriptor 1, link is object 3"],
])("objects linked to %s are refused", (_, links, expected) => {
  expect(() => checkLinked(links)).toThrow(expected);
});

test("links to what was deleted are reported, not refused", () => {
  expect(checkLinked([0, 9, 0xf000_0002])).toEqual([
    { objectId: 2, message: "Linked to object 9, which is not there" },
    { objectId: 3, message: "Linked to group 2, which is not there" },
  ]);
});

test("the longest chain there may be is followed to its end", () => {
  const chain = Array.from({ length: 4096 }, (_, index) => index);
  expect(checkLinked(chain)).toEqual([]);
  expect(() => checkLinked([4096, ...chain.slice(1)])).toThrow("link is object");
});
