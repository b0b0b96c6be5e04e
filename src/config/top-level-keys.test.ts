import * as fc from "fast-check";
import { expect, test } from "vitest";
import { topLevelKeys } from "./top-level-keys.ts";

test("keys come in the order of the text, even those that are whole numbers", () => {
  expect(topLevelKeys('{"b":1,"2":2,"1":3,"a":4}')).toEqual(["b", "2", "1", "a"]);
});

test("a repeated key is told twice", () => {
  expect(topLevelKeys('{"a":1,"a":2}')).toEqual(["a", "a"]);
});

test("keys inside values, and text that looks like one, are not told", () => {
  expect(topLevelKeys('{"a":{"b":{"c":1}},"d":[{"e":2},":"],"f":"\\"g\\":{","h":null}')).toEqual([
    "a",
    "d",
    "f",
    "h",
  ]);
});

test("escapes in a key are read", () => {
  expect(topLevelKeys('{"a\\"\\\\":1,"\\u0062":2, "" : 3}')).toEqual(['a"\\', "b", ""]);
});

test("any object's keys are the same as the parser's, but for the order", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (object) => {
      for (const text of [JSON.stringify(object), JSON.stringify(object, null, 2)]) {
        expect(topLevelKeys(text).toSorted()).toEqual(Object.keys(object).toSorted());
      }
    }),
  );
});

test("the order of any list of different keys is kept", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(fc.string(), fc.nat().map(String))), (keys) => {
      const text = `{${keys.map((key) => `${JSON.stringify(key)}:{"x":[":"]}`).join(",")}}`;
      expect(topLevelKeys(text)).toEqual(keys);
    }),
  );
});
