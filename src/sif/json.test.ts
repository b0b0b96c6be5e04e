import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, MAX_JSON_DEPTH, MAX_JSON_VALUES, parseJson } from "./json.ts";

function parseText(text: string): ReturnType<typeof parseJson> {
  return parseJson(new TextEncoder().encode(text));
}

test("JSON is parsed to what JSON.parse() makes of it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseText(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
});

test.each([
  ["not JSON", "{"],
  ["not JSON", ""],
  ["not JSON", "{}\0"],
  ["not JSON", "]]]]"],
  [`JSON nested deeper than ${MAX_JSON_DEPTH}`, "[".repeat(MAX_JSON_DEPTH + 1)],
  [`JSON nested deeper than ${MAX_JSON_DEPTH}`, '{"a":'.repeat(1_000_000)],
  [`JSON of more than ${MAX_JSON_VALUES} values`, `[${"[],".repeat(MAX_JSON_VALUES)}[]]`],
  [`JSON of more than ${MAX_JSON_VALUES} values`, `[${"1,".repeat(MAX_JSON_VALUES)}1]`],
])("%s is said, not thrown", (problem, text) => {
  expect(parseText(text)).toEqual({ ok: false, problem });
});

test("bytes that are not UTF-8 are said to be so", () => {
  expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ ok: false, problem: "not UTF-8" });
});

test("brackets and commas in strings count for nothing", () => {
  const text = JSON.stringify({ a: `\\"${"[".repeat(1000)}${",".repeat(MAX_JSON_VALUES)}`, b: ['"[', "\\"] });
  expect(parseText(text)).toMatchObject({ ok: true });
});

test("only objects are objects", () => {
  expect([{}, [], null, 1, "{}"].map(isJsonObject)).toEqual([true, false, false, false, false]);
});
