import { describe, expect, it } from "vitest";
import {
  join,
  readList,
  readMember,
  readObject,
  readOptionalText,
  readSize,
  readText,
  readTextMap,
} from "./members.ts";

function refused(fault: string): unknown {
  return expect.objectContaining({ code: "invalid-manifest", message: `Cannot read manifest: ${fault}` });
}

describe("readMember()", () => {
  it("takes null for absent", () => {
    expect(readMember({ a: null }, "a")).toBeUndefined();
    expect(readMember({ a: 0 }, "a")).toBe(0);
  });

  it("does not find what every object inherits", () => {
    expect(readMember({}, "constructor")).toBeUndefined();
    expect(readMember({}, "__proto__")).toBeUndefined();
    expect(readMember(JSON.parse('{"__proto__":1}') as Record<string, unknown>, "__proto__")).toBe(1);
  });
});

describe("readObject()", () => {
  it.each([
    [[], "a list"],
    [null, "missing"],
    [undefined, "missing"],
    ["text", '"text"'],
    [1.5, "1.5"],
    [false, "false"],
  ])("refuses %j", (value, shown) => {
    expect(() => readObject(value, "here")).toThrow(refused(`here is ${shown}, expected an object`));
  });
});

describe("readText() and readOptionalText()", () => {
  it("differ in what they say of nothing", () => {
    expect(readOptionalText({}, "a", "")).toBeUndefined();
    expect(readOptionalText({ a: "" }, "a", "")).toBe("");
    expect(() => readText({}, "a", "layers[0]")).toThrow(refused("layers[0].a is missing or empty"));
    expect(() => readText({ a: "" }, "a", "")).toThrow(refused("a is missing or empty"));
  });

  it.each([0, true, [], {}])("refuse %j", (value) => {
    expect(() => readText({ a: value }, "a", "")).toThrow(/expected a string/);
    expect(() => readOptionalText({ a: value }, "a", "")).toThrow(/expected a string/);
  });
});

describe("readSize()", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["1e3", 1000],
    ["2.0", 2],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("reads %s", (json, bytes) => {
    expect(readSize({ size: JSON.parse(json) as unknown }, "size", "")).toBe(bytes);
  });

  it.each(["-1", "0.5", "9007199254740992", "9007199254740993", "1e999", '"1"', "null", "[]", "{}", "true"])(
    "refuses %s",
    (json) => {
      expect(() => readSize({ size: JSON.parse(json) as unknown }, "size", "config")).toThrow(
        /^Cannot read manifest: config\.size is .+, expected a whole number of bytes$/,
      );
    },
  );
});

describe("readList()", () => {
  it("takes a list or nothing", () => {
    expect(readList({ a: [1] }, "a", "")).toEqual([1]);
    expect(readList({ a: null }, "a", "")).toBeUndefined();
    expect(() => readList({ a: {} }, "a", "")).toThrow(refused("a is an object, expected a list"));
    expect(() => readList({ a: "x" }, "a", "")).toThrow(refused('a is "x", expected a list'));
  });
});

describe("readTextMap()", () => {
  it("leaves out members that are null", () => {
    expect(readTextMap({ a: { x: "1", y: null } }, "a", "")).toEqual({ x: "1" });
  });

  it("takes any name, and changes no prototype", () => {
    const map = readTextMap(JSON.parse('{"a":{"__proto__":"1","":"2"}}') as Record<string, unknown>, "a", "");
    expect(Object.entries(map ?? {})).toEqual([
      ["__proto__", "1"],
      ["", "2"],
    ]);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });

  it("names the member that is no text", () => {
    expect(() => readTextMap({ a: { "x y": 1 } }, "a", "config")).toThrow(
      refused('config.a."x y" is 1, expected a string'),
    );
  });
});

describe("join()", () => {
  it("does not repeat a huge name", () => {
    expect(join("annotations", "\n".repeat(1_000_000)).length).toBeLessThan(100);
  });
});
