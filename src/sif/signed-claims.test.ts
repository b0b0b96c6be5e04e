import { expect, test } from "vitest";
import { parseClaimedDigest } from "./claimed-digest.ts";
import { isLegacyText, parseLegacyClaims, parseMetadataClaims } from "./signed-claims.ts";

const SHA256 = `sha256:${"ab".repeat(32)}`;
const OBJECT = { relativeId: 0, descriptorDigest: SHA256, objectDigest: SHA256 };
const SOUND = { version: 1, header: { digest: SHA256 }, objects: [OBJECT] };

function parse(claims: unknown): ReturnType<typeof parseMetadataClaims> {
  return parseMetadataClaims(new TextEncoder().encode(JSON.stringify(claims)));
}

test.each([
  ["sha224", 28],
  ["sha256", 32],
  ["sha384", 48],
  ["sha512", 64],
  ["sha512_224", 28],
  ["sha512_256", 32],
])("a digest of %s has %i bytes", (algorithm, bytes) => {
  expect(parseClaimedDigest(`${algorithm}:${"0A".repeat(bytes)}`)).toEqual({
    algorithm,
    hex: "0a".repeat(bytes),
  });
  expect(parseClaimedDigest(`${algorithm}:${"0a".repeat(bytes - 1)}`)).toBeUndefined();
  expect(parseClaimedDigest(`${algorithm}:${"0g".repeat(bytes)}`)).toBeUndefined();
});

test.each([["md5:00"], ["sha256"], [""], [7], [null], [`${SHA256}:`], [`${SHA256}\n`], [` ${SHA256}`]])(
  "%j is no digest",
  (value) => {
    expect(parseClaimedDigest(value)).toBeUndefined();
  },
);

test("what a signature says of header and objects is read", () => {
  const digest = { algorithm: "sha256", hex: "ab".repeat(32) };
  expect(parse({ ...SOUND, more: "ignored" })).toEqual({
    kind: "metadata",
    headerDigest: digest,
    objects: [{ relativeId: 0, descriptorDigest: digest, objectDigest: digest }],
  });
});

test.each([
  ["of another version", { ...SOUND, version: 2 }],
  ["without header", { ...SOUND, header: undefined }],
  ["with a header of no digest", { ...SOUND, header: { digest: "sha1:00" } }],
  ["of no object", { ...SOUND, objects: [] }],
  ["without objects", { ...SOUND, objects: {} }],
  [
    "of more objects than a file may have",
    { ...SOUND, objects: Array.from({ length: 4097 }, (_, id) => ({ ...OBJECT, relativeId: id })) },
  ],
  ["of one object twice", { ...SOUND, objects: [OBJECT, OBJECT] }],
  ["of an object that is none", { ...SOUND, objects: [OBJECT, null] }],
  ["of an object without ID", { ...SOUND, objects: [{ ...OBJECT, relativeId: "0" }] }],
  ["of an object with a negative ID", { ...SOUND, objects: [{ ...OBJECT, relativeId: -1 }] }],
  ["of half an object", { ...SOUND, objects: [{ ...OBJECT, relativeId: 0.5 }] }],
  ["of an object beyond 32 bits", { ...SOUND, objects: [{ ...OBJECT, relativeId: 2 ** 32 }] }],
  ["of an object without descriptor digest", { ...SOUND, objects: [{ ...OBJECT, descriptorDigest: "" }] }],
  ["of an object without digest", { ...SOUND, objects: [{ ...OBJECT, objectDigest: "" }] }],
])("claims %s are not read at all", (_, claims) => {
  expect(parse(claims)).toBeUndefined();
});

test("a legacy signature says one digest, of the hash that its descriptor names", () => {
  const text = `SIFHASH:\n${"AB".repeat(48)}\n`;
  expect(isLegacyText(text)).toBe(true);
  expect(parseLegacyClaims(text, "SHA384")).toEqual({
    kind: "legacy",
    digest: { algorithm: "sha384", hex: "ab".repeat(48) },
  });
});

test.each(["SHA256", "SHA512", "BLAKE2S", "Unknown", ""])(
  "a legacy digest does not fit the hash %j",
  (hash) => {
    expect(parseLegacyClaims(`SIFHASH:\n${"ab".repeat(48)}`, hash)).toBeUndefined();
  },
);
