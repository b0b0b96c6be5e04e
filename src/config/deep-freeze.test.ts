import { expect, test } from "vitest";
import { deepFreeze } from "./deep-freeze.ts";

test("objects, arrays and maps are frozen to their depth", () => {
  const inner = { list: [{ deep: 1 }] };
  const value = deepFreeze({ map: new Map([["a", inner]]), inner });
  expect(Object.isFrozen(value)).toBe(true);
  expect(Object.isFrozen(value.map)).toBe(true);
  expect(Object.isFrozen(inner)).toBe(true);
  expect(Object.isFrozen(inner.list)).toBe(true);
  expect(Object.isFrozen(inner.list[0])).toBe(true);
});

test("a frozen map can be read and not be changed", () => {
  const map = deepFreeze(new Map([["a", 1]]));
  expect(() => map.set("b", 2)).toThrow(TypeError);
  expect(() => map.delete("a")).toThrow(TypeError);
  expect(() => {
    map.clear();
  }).toThrow(TypeError);
  expect([...map]).toEqual([["a", 1]]);
});

test("what is no object passes as it is", () => {
  expect(deepFreeze("text")).toBe("text");
  expect(deepFreeze(null)).toBe(null);
  expect(deepFreeze(undefined)).toBe(undefined);
});
