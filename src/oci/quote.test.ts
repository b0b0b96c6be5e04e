import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote } from "./quote.ts";

/** Texts of any UTF-16 units, halves of surrogate pairs among them. */
const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe("quote()", () => {
  it("puts a text in quotation marks", () => {
    expect(quote("ghcr.io/org/image:1.0")).toBe('"ghcr.io/org/image:1.0"');
  });

  it("cuts a long text and shows that it did", () => {
    expect(quote("abcdef", 3)).toBe('"abc…"');
    expect(quote("abc", 3)).toBe('"abc"');
  });

  it("does not cut a character in two", () => {
    expect(quote("a💾", 2)).toBe('"a\uFFFD…"');
  });

  it.each([
    ["a line end", "\n"],
    ["NUL", "\0"],
    ["an escape sequence", "\u001B"],
    ["a C1 control", "\u0085"],
    ["a line separator", "\u2028"],
    ["a right-to-left override", "\u202E"],
    ["half of a surrogate pair", "\uD83D"],
  ])("shows %s as a replacement character", (_what, char) => {
    expect(quote(`a${char}b`)).toBe('"a\uFFFDb"');
  });

  it("leaves letters of every script", () => {
    expect(quote("Gerät-образ-画像")).toBe('"Gerät-образ-画像"');
  });

  it("is bounded and well formed for any text", () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 12 }), (text, max) => {
        const shown = quote(text, max);
        expect(shown.length).toBeLessThanOrEqual(max + 3);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});
