import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesStrongly, matchesWeakly, parseEntityTags } from "./entity-tag.ts";

const strong = (opaque: string): unknown => ({ weak: false, opaque });
const weak = (opaque: string): unknown => ({ weak: true, opaque });

describe("parseEntityTags()", () => {
  it.each([
    ["one tag", '"a"', [strong('"a"')]],
    ["a weak tag", 'W/"a"', [weak('"a"')]],
    ["a list", '"a", W/"b" ,"c"', [strong('"a"'), weak('"b"'), strong('"c"')]],
    ["an empty tag", '""', [strong('""')]],
    ["commas and blanks around", ' ,, "a" ,\t, "b",', [strong('"a"'), strong('"b"')]],
    ["a comma within a tag", '"a,b"', [strong('"a,b"')]],
    ["a backslash, which is no escape", String.raw`"a\", "b"`, [strong(String.raw`"a\"`), strong('"b"')]],
    ["bytes beyond ASCII", '"\u00e4"', [strong('"\u00e4"')]],
  ])("reads %s", (_what, list, tags) => {
    expect(parseEntityTags(list)).toEqual(tags);
  });

  it.each([
    ["nothing", ""],
    ["commas alone", ",, ,"],
    ["a tag without quotation marks", "a"],
    ["half a tag", '"a'],
    ["a lower-case weakness", 'w/"a"'],
    ["a blank behind the weakness", 'W/ "a"'],
    ["a blank within a tag", '"a b"'],
    ["a control within a tag", '"a\u007F"'],
    ["a letter beyond a byte", '"\u0100"'],
    ["something behind the tag", '"a"b'],
    ["two tags without a comma", '"a" "b"'],
    ["a star", "*"],
  ])("finds no tag in %s", (_what, list) => {
    expect(parseEntityTags(list)).toEqual([]);
  });

  it("keeps what stands before a member that it cannot read", () => {
    expect(parseEntityTags('"a", b, "c"')).toEqual([strong('"a"')]);
  });

  it("reads any list that is written by the grammar", () => {
    const tags = fc.array(
      fc.record({ weak: fc.boolean(), opaque: fc.stringMatching(/^"[\x21\x23-\x7e\x80-\xff]*"$/) }),
    );
    fc.assert(
      fc.property(tags, fc.constantFrom(",", ", ", " ,", ",,"), (list, comma) => {
        const text = list.map((tag) => (tag.weak ? `W/${tag.opaque}` : tag.opaque)).join(comma);
        expect(parseEntityTags(text)).toEqual(list);
      }),
    );
  });

  it.each([
    ['"', 0],
    ['""', 0],
    ['"",', 262_144],
    ['"a" ', 0],
    ["W/", 0],
    [",", 0],
    [" ", 0],
  ])("reads a quarter of a million times %j", (unit, count) => {
    expect(parseEntityTags(`${unit.repeat(262_144)}x`)).toHaveLength(count);
  });
});

describe("comparison", () => {
  // The table of RFC 9110 section 8.8.3.2.
  it.each([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
    ['"1"', '"2"', false, false],
  ])("of %s with %s is %s when strong and %s when weak", (a, b, strongly, weakly) => {
    const [first, second] = parseEntityTags(`${a}, ${b}`);
    if (first === undefined || second === undefined)
      throw new Error("the tags of this table are well formed");
    expect([matchesStrongly(first, second), matchesStrongly(second, first)]).toEqual([strongly, strongly]);
    expect([matchesWeakly(first, second), matchesWeakly(second, first)]).toEqual([weakly, weakly]);
  });
});
