import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDigest } from "../oci/digest.ts";
import { parseReprDigest, reprDigest } from "./repr-digest.ts";

// The SHA-256 and SHA-512 of `{"hello": "world"}` and a line feed, as RFC 9530 appendix B has them.
const SHA256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA512 =
  "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
const HEX256 = "44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38";

describe("reprDigest()", () => {
  it.each([
    ["sha256", SHA256],
    ["sha512", SHA512],
  ])("writes the %s of the example in RFC 9530", (algorithm, header) => {
    const hex = createHash(algorithm).update('{"hello": "world"}\n').digest("hex");
    expect(reprDigest(parseDigest(`${algorithm}:${hex}`))).toBe(header);
  });

  it("is undone by parseReprDigest()", () => {
    const digests = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => ["sha256", hex] as const),
      fc.stringMatching(/^[0-9a-f]{128}$/).map((hex) => ["sha512", hex] as const),
    );
    fc.assert(
      fc.property(digests, ([algorithm, hex]) => {
        const header = reprDigest(parseDigest(`${algorithm}:${hex}`));
        expect(parseReprDigest(header)).toEqual(new Map([[algorithm, hex]]));
      }),
    );
  });
});

describe("parseReprDigest()", () => {
  it.each([
    ["one digest", SHA256],
    ["blanks around it", `  ${SHA256}\t`],
    ["a parameter", `${SHA256};x`],
    ["parameters with values", `${SHA256}; a=1;b=?0; c=tok/en`],
    ["an algorithm that it does not know", `unixsum=:AAAA:, ${SHA256},md5=::`],
    ["no padding", SHA256.replace("g=:", "g:")],
    ["the last of several", `sha-256=:${"A".repeat(43)}=:,${SHA256}`],
  ])("reads %s", (_what, header) => {
    expect(parseReprDigest(header)).toEqual(new Map([["sha256", HEX256]]));
  });

  it("reads both algorithms", () => {
    expect([...(parseReprDigest(`${SHA512}, ${SHA256}`)?.keys() ?? [])].sort()).toEqual(["sha256", "sha512"]);
  });

  it.each([
    ["a digest in hexadecimal", `sha-256=${HEX256}`],
    ["a digest without colons", SHA256.replaceAll(":", "")],
    ["half a digest", SHA256.slice(0, -1)],
    ["a digest of another length", "sha-256=:AAAA:"],
    ["a digest of another length beside a right one", `sha-512=:AAAA:, ${SHA256}`],
    ["an empty digest", "sha-256=::"],
    ["a sha256 called a sha512", SHA256.replace("256", "512")],
    ["base64 of URLs", SHA256.replaceAll("/", "_")],
    ["base64 of an impossible length", SHA256.replace("g=:", ":")],
    ["the name of OCI", SHA256.replace("sha-256", "sha256")],
    ["a name in upper case", SHA256.replace("sha", "SHA")],
    ["nonsense behind the digest", `${SHA256}x`],
    ["nonsense in the list", `${SHA256}, x`],
    ["a number in the list", `${SHA256}, x=1`],
    ["a comma at the end", `${SHA256},`],
    ["a comma at the start", `,${SHA256}`],
    ["two commas", `${SHA256},,${SHA256}`],
  ])("does not take %s", (_what, header) => {
    expect(parseReprDigest(header)).toBeUndefined();
  });

  it.each([
    ["no header", null],
    ["an empty header", ""],
    ["another algorithm alone", "md5=:AAAA:"],
  ])("finds nothing in %s", (_what, header) => {
    expect(parseReprDigest(header)).toEqual(new Map());
  });

  it("answers any text with digests of the right length", () => {
    const parts = fc.constantFrom(
      "sha-256",
      "sha-512",
      "=:",
      ":",
      ",",
      ";",
      "A",
      "AAAA",
      "=",
      " ",
      SHA256,
      SHA512,
    );
    const headers = fc.oneof(
      fc.array(parts).map((words) => words.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(headers, (header) => {
        for (const [algorithm, hex] of parseReprDigest(header) ?? []) {
          expect(() => parseDigest(`${algorithm}:${hex}`)).not.toThrow();
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["a", "a=:", "a=::;", "a=::;b ", "a=:A", " ", ",", "a=::,"])(
    "reads a quarter of a million times %j",
    (unit) => {
      expect(parseReprDigest(unit.repeat(262_144))?.size ?? 0).toBe(0);
    },
  );
});
