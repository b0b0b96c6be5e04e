import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES, readJson } from "./json.ts";

const MIB = 1024 * 1024;

function read(text: string): ReturnType<typeof readJson> {
  return readJson(new TextEncoder().encode(text));
}

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

describe("readJson()", () => {
  it("reads what JSON.stringify() writes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(read(JSON.stringify(value))).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) });
      }),
    );
  });

  it("reads text behind a byte order mark", () => {
    expect(read('\uFEFF{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
  });

  it("takes the last of repeated members", () => {
    expect(read('{"a":1,"a":2}')).toEqual({ ok: true, value: { a: 2 } });
  });

  it.each([
    ["nothing", "", "it is empty"],
    ["blanks alone", " \n\t", "it is empty"],
    ["a web page", "\n<!DOCTYPE html><html></html>", "it is a web page or XML, not JSON"],
    ["text", "404 page not found", "it is not JSON"],
    ["half of an object", '{"a":', "it is not JSON"],
    ["something behind the value", "{}{}", "it is not JSON"],
    ["a trailing comma", "[1,]", "it is not JSON"],
    ["a number with a leading zero", "01", "it is not JSON"],
    ["NaN", "NaN", "it is not JSON"],
    ["a control within a string", '"\u0001"', "it is not JSON"],
    ["a string that does not end", `"${"\\".repeat(9)}`, "it is not JSON"],
  ])("refuses %s", (_what, text, fault) => {
    expect(read(text)).toEqual({ ok: false, fault });
  });

  it.each([
    ["a stray continuation byte", [0x22, 0x80, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a cut character", [0x22, 0xe2, 0x82, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])("refuses bytes that are not UTF-8: %s", (_what, bytes) => {
    expect(readJson(Uint8Array.from(bytes))).toEqual({ ok: false, fault: "it is not UTF-8 text" });
  });

  it("reads nesting up to its limit and no deeper", () => {
    expect(read(nested(MAX_JSON_DEPTH)).ok).toBe(true);
    expect(read(nested(MAX_JSON_DEPTH + 1))).toEqual({
      ok: false,
      fault: expect.stringMatching(/nested deeper than 64/),
    });
    expect(
      read(
        `[${Array(1000)
          .fill(nested(MAX_JSON_DEPTH - 1))
          .join(",")}]`,
      ).ok,
    ).toBe(true);
  });

  it("reads values up to their limit and no more", () => {
    expect(read(`[${"0,".repeat(MAX_JSON_VALUES - 2)}0]`).ok).toBe(true);
    expect(read(`[${"0,".repeat(MAX_JSON_VALUES - 1)}0]`)).toEqual({
      ok: false,
      fault: expect.stringMatching(/more than 262144 values/),
    });
  });

  it.each(["", '"', "\\", '\\"', '"\\"'])(
    "does not count brackets and commas in strings, behind %j either",
    (text) => {
      expect(read(JSON.stringify([text + "[{,".repeat(MAX_JSON_VALUES)])).ok).toBe(true);
    },
  );

  it.each([
    ["[", "["],
    ["{", "{"],
    ['{"a":', '{"a":'],
    ["[],", "[],"],
    ["{},", "{},"],
    ["0,", "0,"],
    ["]", "]"],
    ['"', '"'],
    ["\\", "\\"],
    ['"\\', '"\\'],
    [" ", " "],
    ["<", "<"],
    ["NUL", "\0"],
  ])("answers four mebibytes of %s without building them", (_what, unit) => {
    const bytes = new TextEncoder().encode(unit.repeat(Math.floor((4 * MIB) / unit.length)));
    expect(readJson(bytes).ok).toBe(false);
  });

  it("answers any bytes with a value or a fault", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof readJson(bytes).ok).toBe("boolean");
      }),
    );
  });
});
