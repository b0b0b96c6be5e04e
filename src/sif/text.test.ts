import { expect, test } from "vitest";
import * as fc from "fast-check";
import { decodeName, decodeStrictly, decodeText, trimPadding } from "./text.ts";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("padding is cut from the end only", () => {
  expect(trimPadding(Uint8Array.of(0, 1, 0, 2, 0, 0))).toEqual(Uint8Array.of(0, 1, 0, 2));
  expect(trimPadding(new Uint8Array(4))).toHaveLength(0);
  expect(trimPadding(bytesOf("full"))).toEqual(bytesOf("full"));
});

test("a name in UTF-8 is taken as it is", () => {
  expect(decodeName(bytesOf("größe 🐋.json\0\0"))).toBe("größe 🐋.json");
});

test("control characters in a name are shown instead of sent", () => {
  expect(decodeName(bytesOf("a\u001b[2Jb\0c\r\n\u009b"))).toBe(String.raw`a\x1b[2Jb\x00c\x0d\x0a\x9b`);
});

test("a name that is not UTF-8 keeps its ASCII and shows its other bytes", () => {
  expect(decodeName(Uint8Array.of(0x61, 0xff, 0xc3, 0x0a, 0))).toBe(String.raw`a\xff\xc3\x0a`);
});

test("text that is not UTF-8 gets replacement characters, and a byte order mark stays", () => {
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff))).toBe("\ufeffa\ufffd");
  expect(decodeStrictly(Uint8Array.of(0x61, 0xff))).toBeUndefined();
  expect(decodeStrictly(bytesOf("ä"))).toBe("ä");
});

test("no bytes at all make decoding throw, and no name holds a control character", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
      decodeText(bytes);
      expect(decodeName(bytes)).not.toMatch(/\p{Cc}/u);
    }),
  );
});
