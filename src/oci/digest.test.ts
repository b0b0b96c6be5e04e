import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestAlgorithm, digestHex, isDigest, parseDigest } from "./digest.ts";

const SHA256 = `sha256:${"0123456789abcdef".repeat(4)}`;
const SHA512 = `sha512:${"0123456789abcdef".repeat(8)}`;

describe("parseDigest()", () => {
  it.each([SHA256, SHA512])("takes %s as it is", (text) => {
    expect(parseDigest(text)).toBe(text);
  });

  it.each([
    ["nothing", ""],
    ["no algorithm", "0".repeat(64)],
    ["an empty hash", "sha256:"],
    ["a digit too few", SHA256.slice(0, -1)],
    ["a digit too many", `${SHA256}0`],
    ["a sha512 as long as a sha256", `sha512:${"0".repeat(64)}`],
    ["a sha256 as long as a sha512", `sha256:${"0".repeat(128)}`],
    ["upper-case digits", `sha256:${"A".repeat(64)}`],
    ["an upper-case algorithm", SHA256.replace("sha", "SHA")],
    ["letters beyond f", `sha256:${"g".repeat(64)}`],
    ["another algorithm", `sha384:${"0".repeat(96)}`],
    ["a blank before it", ` ${SHA256}`],
    ["a line end behind it", `${SHA256}\n`],
    ["a second digest behind it", `${SHA256}@${SHA256}`],
    ["digits of another script", `sha256:${"٠".repeat(64)}`],
  ])("refuses %s", (_what, text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "invalid-digest" }));
  });

  it("does not repeat a huge text in its message", () => {
    expect(() => parseDigest("x".repeat(1_000_000))).toThrow(/^.{1,400}$/);
  });
});

describe("digestAlgorithm() and digestHex()", () => {
  it("take any digest apart, so that its parts make it again", () => {
    const digests = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
      fc.stringMatching(/^[0-9a-f]{128}$/).map((hex) => `sha512:${hex}`),
    );
    fc.assert(
      fc.property(digests, (text) => {
        const digest = parseDigest(text);
        expect(`${digestAlgorithm(digest)}:${digestHex(digest)}`).toBe(text);
      }),
    );
  });
});
