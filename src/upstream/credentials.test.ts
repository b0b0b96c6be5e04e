import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { basicAuthorization, parseRegistryAuth, secretsOf } from "./credentials.ts";

function encode(value: unknown, form: "base64" | "base64url" = "base64url"): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString(form);
}

function faultOf(header: string): RegistryError {
  try {
    parseRegistryAuth(header);
  } catch (error) {
    if (error instanceof RegistryError) return error;
  }
  throw new Error("It was taken");
}

describe("parseRegistryAuth()", () => {
  test("reads a user name and password", () => {
    expect(parseRegistryAuth(encode({ username: "ada", password: "s3cret" }))).toEqual({
      kind: "basic",
      username: "ada",
      password: "s3cret",
    });
  });

  test("takes the most direct credentials of several", () => {
    const all = { username: "ada", password: "p", identitytoken: "i", registrytoken: "r" };
    expect(parseRegistryAuth(encode(all))).toEqual({ kind: "registry", registryToken: "r" });
    expect(parseRegistryAuth(encode({ ...all, registrytoken: "" }))).toEqual({
      kind: "identity",
      identityToken: "i",
      username: "ada",
    });
  });

  test("reads both alphabets of base64, with padding and without", () => {
    const value = { username: "ü?>", password: "ÿþ~~" };
    const padded = encode(value, "base64");
    for (const header of [padded, padded.replace(/=+$/, ""), encode(value)]) {
      expect(parseRegistryAuth(header)).toMatchObject(value);
    }
  });

  test("ignores what Docker's clients send besides", () => {
    const header = encode({ username: "a", password: "b", serveraddress: "https://x", email: null });
    expect(parseRegistryAuth(header)).toEqual({ kind: "basic", username: "a", password: "b" });
  });

  test.each([
    ["no base64", "%%%"],
    ["no JSON", encode("nonsense")],
    ["a list", encode([])],
    ["null", encode("null")],
    ["nothing", encode({})],
    ["half a pair", encode({ username: "ada" })],
    ["a number", encode({ username: "ada", password: 7 })],
    ["a colon in the user name", encode({ username: "a:b", password: "c" })],
    ["a line break", encode({ username: "a", password: "b\r\nx-evil: 1" })],
    ["a token that would break the header", encode({ registrytoken: "a b" })],
    ["more than anyone sends", "A".repeat(20_000)],
  ])("refuses %s", (_what, header) => {
    expect(faultOf(header).code).toBe("invalid-request");
  });

  test("repeats nothing of the header in its message", () => {
    const error = faultOf(encode('{"username":"ada","password":"hunter2"'));
    expect(`${error.message} ${String(error.cause)}`).not.toContain("hunter2");
  });
});

test("Basic credentials are sent as UTF-8 and read back by any server", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (password) => {
      const [scheme, token = ""] = basicAuthorization("ada", password).split(" ");
      expect(scheme).toBe("Basic");
      expect(Buffer.from(token, "base64").toString("utf8")).toBe(`ada:${password.toWellFormed()}`);
    }),
  );
});

test("secretsOf() names every text that would open something", () => {
  const basic = { kind: "basic", username: "ada", password: "s3cret" } as const;
  expect(secretsOf(basic)).toEqual(["s3cret", basicAuthorization("ada", "s3cret").slice(6)]);
  expect(secretsOf({ kind: "identity", identityToken: "i" })).toEqual(["i"]);
  expect(secretsOf({ kind: "registry", registryToken: "r" })).toEqual(["r"]);
  expect(secretsOf(undefined)).toEqual([]);
});
