import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { parseAuthorization } from "./authorization-header.ts";

function basic(text: string): string {
  return Buffer.from(text).toString("base64");
}

test.each([
  ["Bearer abc", { name: undefined, token: "abc" }],
  ["bearer  a.b-c_d~e+f/g=", { name: undefined, token: "a.b-c_d~e+f/g=" }],
  [`Basic ${basic("ci:secret")}`, { name: "ci", token: "secret" }],
  [`BASIC ${basic("ci:secret")}`, { name: "ci", token: "secret" }],
  [`Basic ${basic("ci:a:b:c")}`, { name: "ci", token: "a:b:c" }],
  [`Basic ${basic("Zoë:ключ")}`, { name: "Zoë", token: "ключ" }],
  [`Basic ${basic("ci:secret12").replaceAll("=", "")}`, { name: "ci", token: "secret12" }],
])("%s is read", (header, presented) => {
  expect(parseAuthorization(header)).toEqual(presented);
});

test.each([
  [""],
  ["hunter2"],
  ["Bearer"],
  ["Bearer "],
  ["Bearer hunter2 hunter2"],
  ["Bearer hunter2, Bearer hunter2"],
  ["Bearer hünter2"],
  ["Digest username=hunter2"],
  ["Token hunter2"],
  ["Basic"],
  ["Basic ci:hunter2"],
  ["Basic !!!!"],
  [`Basic ${basic("hunter2")}`],
  [`Basic ${basic(":hunter2")}`],
  [`Basic ${basic("hunter2:")}`],
  [`Basic ${basic("a:hunter2")}====`],
  ["Basic A"],
  [`Basic ${Buffer.from([0x61, 0x3a, 0xff, 0xfe]).toString("base64")}`],
  [`Bearer ${"x".repeat(16_384)}`],
])("%s is refused without being repeated", (header) => {
  let error: unknown;
  try {
    parseAuthorization(header);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: "unauthorized" });
  expect(JSON.stringify([error, error instanceof Error ? error.message : ""])).not.toContain("hunter2");
});

test("any name and token survive Basic", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes(":"));
  const token = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(
    fc.property(name, token, (name, token) => {
      expect(parseAuthorization(`Basic ${basic(`${name}:${token}`)}`)).toEqual({ name, token });
    }),
  );
});

test("any header is read or refused as unauthorized", () => {
  const scheme = fc.constantFrom("Basic ", "Bearer ", "basic\t", "");
  const rest = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.string().map(basic));
  fc.assert(
    fc.property(scheme, rest, (scheme, rest) => {
      try {
        const { name, token } = parseAuthorization(scheme + rest);
        expect(token).not.toBe("");
        expect(name).not.toBe("");
        expect(name ?? "").not.toContain(":");
      } catch (error) {
        expect(error).toBeInstanceOf(RegistryError);
        expect(error).toMatchObject({ code: "unauthorized" });
      }
    }),
    { numRuns: 1000 },
  );
});
