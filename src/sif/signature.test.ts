import { expect, test } from "vitest";
import { buildSif, memorySource } from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { readSif } from "./reader.ts";
import { parseSignatures, type Signatures } from "./signature.ts";

async function parse(bytes: Uint8Array): Promise<Signatures> {
  return parseSignatures(await readSif(memorySource(bytes)));
}

const FINGERPRINT = "12045c8c0b1004d058de4beda20c27ee7ff7ba84";

test.each([
  ["one-group-signed-pgp.sif", { format: "pgp", hash: "SHA256", fingerprint: FINGERPRINT, covers: [1, 2] }],
  ["one-group-signed-dsse.sif", { format: "dsse", hash: "SHA256", fingerprint: null, covers: [1, 2] }],
  [
    "one-group-signed-legacy.sif",
    { format: "legacy", hash: "SHA384", fingerprint: FINGERPRINT, covers: [2] },
  ],
  [
    "others/one-group-signed-legacy-group.sif",
    { format: "legacy", hash: "SHA384", fingerprint: FINGERPRINT, covers: [1, 2] },
  ],
])("the signature in %s is understood", async (name, expected) => {
  const { signatures, problems } = await parse(readSample(name));
  expect(signatures).toMatchObject([{ objectId: 3, ...expected }]);
  expect(problems).toEqual([]);
});

test("a PGP signature keeps its message for an OpenPGP library", async () => {
  const sample = readSample("one-group-signed-pgp.sif");
  const clearSigned = (await parse(sample)).signatures[0]?.clearSigned;
  expect(clearSigned?.armored).toBe(Buffer.from(sample.subarray(40_960)).toString());
  expect(clearSigned?.text).toMatch(/^\{"version":1,.*\}$/s);
});

test.each([
  ["empty", ""],
  ["not UTF-8", Uint8Array.of(0xff, 0xfe)],
  ["JSON of another kind", "{}"],
  [
    "clear-signed prose",
    "-----BEGIN PGP SIGNED MESSAGE-----\n\nHello\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----",
  ],
])("a signature that is %s is reported and covers nothing", async (_, content) => {
  const { signatures, problems } = await parse(
    buildSif([
      { type: 0x4007, content: "x" },
      { type: 0x4005, content, group: 0xf000_0000, link: 0xf000_0001 },
    ]),
  );
  expect(signatures).toMatchObject([{ objectId: 2, covers: [], claims: undefined }]);
  expect(problems).toEqual([{ objectId: 2, message: "Signature is of no known format, or damaged" }]);
});

test("a signature too large to be read is reported once", async () => {
  const file = await readSif(
    memorySource(buildSif([{ type: 0x4005, content: new Uint8Array(4 * 1024 * 1024 + 1) }])),
  );
  expect(file.problems).toHaveLength(1);
  expect(parseSignatures(file).problems).toEqual([]);
});

test("of hundreds of signatures 32 are looked at", async () => {
  const { signatures } = await parse(
    buildSif(Array.from({ length: 300 }, () => ({ type: 0x4005, content: "s" }))),
  );
  expect(signatures).toHaveLength(32);
});
