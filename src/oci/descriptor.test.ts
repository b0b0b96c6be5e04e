import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RegistryError } from "../errors.ts";
import { readDescriptor } from "./descriptor.ts";

const SHA256 = `sha256:${"ab".repeat(32)}`;
const PLAIN = { mediaType: "application/octet-stream", digest: SHA256, size: 3 };

describe("readDescriptor()", () => {
  it("keeps what it knows and leaves out the rest", () => {
    const known = {
      ...PLAIN,
      annotations: { "org.opencontainers.image.title": "a.sif" },
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      artifactType: "application/example",
      data: "e30=",
    };
    expect(readDescriptor({ ...known, other: [1] }, "x")).toEqual(known);
  });

  it("drops addresses, and says that there were some", () => {
    const urls = ["https://example.org"];
    expect(readDescriptor({ ...PLAIN, urls }, "x")).toEqual({ ...PLAIN, foreign: true });
    expect(readDescriptor({ ...PLAIN, urls: [] }, "x")).toEqual(PLAIN);
  });

  it("has no member where the manifest has none, or null", () => {
    const empty = { annotations: null, platform: null, artifactType: null, data: null };
    expect(Object.keys(readDescriptor({ ...PLAIN, ...empty }, "x"))).toEqual(["mediaType", "digest", "size"]);
  });

  it.each([
    SHA256,
    `sha512:${"0".repeat(128)}`,
    "sha384:0a",
    "blake3:0a",
    "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
    "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
  ])("takes the digest %s", (digest) => {
    expect(readDescriptor({ ...PLAIN, digest }, "x").digest).toBe(digest);
  });

  it.each([
    "sha256:",
    SHA256.slice(0, -1),
    `${SHA256}0`,
    `sha256:${"AB".repeat(32)}`,
    `sha512:${"0".repeat(64)}`,
    "SHA256:00",
    "blake3",
    "blake3:",
    ":00",
    "blake3:../../etc",
    "blake3:a b",
    "a..b:00",
    "a+:00",
    `${SHA256}\n`,
  ])("refuses the digest %j", (digest) => {
    expect(() => readDescriptor({ ...PLAIN, digest }, "layers[2]")).toThrow(
      /^Cannot read manifest: layers\[2\]\.digest is ".*", which is no digest$/,
    );
  });

  it.each([
    ["no object", null, "x is missing, expected an object"],
    ["a list", [], "x is a list, expected an object"],
    ["no media type", { ...PLAIN, mediaType: undefined }, "x.mediaType is missing or empty"],
    ["an empty media type", { ...PLAIN, mediaType: "" }, "x.mediaType is missing or empty"],
    ["a media type that is no text", { ...PLAIN, mediaType: 1 }, "x.mediaType is 1, expected a string"],
    ["no digest", { ...PLAIN, digest: null }, "x.digest is missing or empty"],
    ["a digest that is no text", { ...PLAIN, digest: [SHA256] }, "x.digest is a list, expected a string"],
    ["no size", { ...PLAIN, size: undefined }, "x.size is missing, expected a whole number of bytes"],
    ["a negative size", { ...PLAIN, size: -1 }, "x.size is -1, expected a whole number of bytes"],
    [
      "annotations that are a list",
      { ...PLAIN, annotations: ["a"] },
      "x.annotations is a list, expected an object",
    ],
    [
      "an annotation that is no text",
      { ...PLAIN, annotations: { a: 1 } },
      "x.annotations.a is 1, expected a string",
    ],
    ["a platform that is text", { ...PLAIN, platform: "linux" }, 'x.platform is "linux", expected an object'],
    ["a system that is no text", { ...PLAIN, platform: { os: 1 } }, "x.platform.os is 1, expected a string"],
    ["data that is no text", { ...PLAIN, data: {} }, "x.data is an object, expected a string"],
  ])("refuses %s", (_what, value, fault) => {
    expect(() => readDescriptor(value, "x")).toThrow(
      expect.objectContaining({ code: "invalid-manifest", message: `Cannot read manifest: ${fault}` }),
    );
  });

  it("takes a platform that says only half", () => {
    expect(readDescriptor({ ...PLAIN, platform: {} }, "x").platform).toEqual({ os: "", architecture: "" });
  });

  it("answers any JSON with a descriptor that is read the same again, or an error of ours", () => {
    const near = fc.record(
      {
        mediaType: fc.oneof(fc.constant("a/b"), fc.jsonValue()),
        digest: fc.oneof(fc.constant(SHA256), fc.string(), fc.jsonValue()),
        size: fc.oneof(fc.nat(), fc.double(), fc.jsonValue()),
        annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        platform: fc.oneof(fc.record({ os: fc.string(), architecture: fc.string() }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        try {
          const descriptor = readDescriptor(value, "x");
          expect(readDescriptor(descriptor, "x")).toEqual(descriptor);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
