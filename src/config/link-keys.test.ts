import * as fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig, type Settings } from "../config.ts";

const BYTES = Uint8Array.from({ length: 34 }, (_, index) => (251 * (index + 1)) % 256);
const BASE64 = Buffer.from(BYTES).toString("base64");

function problem(LINK_KEYS: unknown): string {
  try {
    loadConfig({ LINK_KEYS } satisfies Settings);
  } catch (error) {
    expect(error).toMatchObject({ code: "bad-configuration" });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("Expected a bad configuration, but it was taken");
}

test("keys keep the order of the text", () => {
  const text = `{"new": "${BASE64}", "2": "${BASE64}", "1": "${BASE64}"}`;
  expect(loadConfig({ LINK_KEYS: text }).linkKeys.map((key) => key.id)).toEqual(["new", "2", "1"]);
});

test("an object keeps its order too, unless a key id is a whole number", () => {
  expect(loadConfig({ LINK_KEYS: { b: BASE64, a: BASE64 } }).linkKeys.map((key) => key.id)).toEqual([
    "b",
    "a",
  ]);
  expect(loadConfig({ LINK_KEYS: { 7: BASE64 } }).linkKeys.map((key) => key.id)).toEqual(["7"]);
  expect(problem({ b: BASE64, 7: BASE64 })).toMatch(/its order is lost; give it as JSON text$/);
});

test("no keys are fine: links are not configured", () => {
  expect(loadConfig({ LINK_KEYS: "{}" }).linkKeys).toEqual([]);
});

test("base64 and base64url, padded or not, mean the same bytes", () => {
  const url = Buffer.from(BYTES).toString("base64url");
  expect(BASE64).toMatch(/[+/].*==$/);
  for (const text of [BASE64, BASE64.replaceAll("=", ""), url, `${url}==`]) {
    const [key] = loadConfig({ LINK_KEYS: { a: text } }).linkKeys;
    expect(key).toEqual({ id: "a", secret: url });
  }
});

test("any key of 32 bytes or more is taken, and no shorter one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 96 }), (bytes) => {
      const LINK_KEYS = JSON.stringify({ a: Buffer.from(bytes).toString("base64") });
      if (bytes.length < 32) {
        expect(problem(LINK_KEYS)).toMatch(/: entry 1: expected base64 of 32 random bytes or more/);
      } else {
        const secret = loadConfig({ LINK_KEYS }).linkKeys[0]?.secret ?? "";
        expect(Buffer.from(secret, "base64url")).toEqual(Buffer.from(bytes));
      }
    }),
  );
});

test.each([
  [{ a: BASE64, "": BASE64 }, /: entry 2: expected a key id/],
  [{ "a b": BASE64 }, /: entry 1: expected a key id/],
  [{ ["x".repeat(65)]: BASE64 }, /: entry 1: expected a key id/],
  [{ a: 5 }, /: entry 1: expected base64 .*, found a number$/],
  [{ a: null }, /: entry 1: expected base64 .*, found null$/],
  [{ a: { key: BASE64 } }, /: entry 1: expected base64 .*, found an object$/],
  [{ a: "" }, /: entry 1: expected base64/],
  [{ a: "hunter2" }, /: entry 1: expected base64 .*, found fewer$/],
  [{ a: `${BASE64}\n` }, /: entry 1: expected base64/],
  [{ a: `hunter2 ${BASE64}` }, /: entry 1: expected base64/],
  [{ a: "hunter2".repeat(7) }, /: entry 1: expected base64 of 32 random bytes or more$/],
  [[BASE64], /expected a JSON object, found a list$/],
  [BASE64, /expected a JSON object|not valid JSON/],
])("the link keys %j are refused", (keys, message) => {
  for (const setting of [keys, JSON.stringify(keys)]) {
    expect(problem(setting)).toMatch(/^Cannot use setting "LINK_KEYS": /);
    expect(problem(setting)).toMatch(message);
    expect(problem(setting)).not.toContain("hunter2");
    expect(problem(setting)).not.toContain(BASE64.slice(0, 6));
  }
});
