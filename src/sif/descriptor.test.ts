import { expect, test } from "vitest";
import {
  buildSif,
  partitionExtra,
  SLOT_AT,
  slotOffset,
  TABLE_OFFSET,
} from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import {
  DESCRIPTOR_BYTES,
  parseDescriptors,
  signedDescriptorBytes,
  type SifDescriptor,
} from "./descriptor.ts";

function parseTable(file: Uint8Array, slots = 48): SifDescriptor[] {
  return parseDescriptors(file.subarray(TABLE_OFFSET, TABLE_OFFSET + slots * DESCRIPTOR_BYTES));
}

function int32s(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

test("free slots are passed over and the others keep their place", () => {
  const file = buildSif([{ type: 0x4007 }, { type: 0x4007 }, { type: 0x4007 }]);
  file[slotOffset(1) + SLOT_AT.used] = 0;
  expect(parseTable(file).map(({ slot, id }) => [slot, id])).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test("a slot cut short at the table's end is ignored", () => {
  const file = buildSif([{ type: 0x4007 }, { type: 0x4007 }]);
  const table = file.subarray(TABLE_OFFSET, TABLE_OFFSET + 2 * DESCRIPTOR_BYTES - 1);
  expect(parseDescriptors(table)).toHaveLength(1);
});

test.each([
  [0x4001, "Deffile"],
  [0x4002, "EnvVar"],
  [0x4003, "Labels"],
  [0x4004, "Partition"],
  [0x4005, "Signature"],
  [0x4006, "GenericJSON"],
  [0x4007, "Generic"],
  [0x4008, "CryptoMessage"],
  [0x4009, "SBOM"],
  [0x400a, "OCIRootIndex"],
  [0x400b, "OCIBlob"],
  [0x400c, "Unknown"],
  [-1, "Unknown"],
])("data type %i is %s", (dataType, type) => {
  expect(parseTable(buildSif([{ type: dataType }]))).toMatchObject([{ type, dataType }]);
});

test("a group and a link lose their mark, and none at all is null", () => {
  const objects = parseTable(
    buildSif([
      { type: 0x4007, group: 0xf000_0002, link: 0xf000_0001 },
      { type: 0x4007, group: 0xf000_0000, link: 1 },
      { type: 0x4007, group: 0, link: 0xf000_0000 },
      { type: 0x4007, group: 0xffff_ffff, link: 0xe000_0007 },
    ]),
  );
  expect(objects.map(({ group, link }) => ({ group, link }))).toEqual([
    { group: 2, link: { kind: "group", id: 1 } },
    { group: null, link: { kind: "object", id: 1 } },
    { group: null, link: null },
    { group: 0x0fff_ffff, link: { kind: "object", id: 7 } },
  ]);
});

test("a name may fill all of its 128 bytes", () => {
  expect(parseTable(buildSif([{ type: 0x4007, name: "n".repeat(128) }]))[0]?.name).toBe("n".repeat(128));
});

test("a partition tells file system, type and architecture", () => {
  const [object] = parseTable(buildSif([{ type: 0x4004, extra: partitionExtra(6, 4, "12") }]));
  expect(object?.partition).toEqual({
    fileSystem: "Gocryptfs squashfs",
    type: "Overlay",
    architecture: "riscv64",
  });
});

test("numbers without a name are unknown, negative ones too", () => {
  const objects = parseTable(
    buildSif([
      { type: 0x4004, extra: partitionExtra(-1, 99, "99") },
      { type: 0x4005, extra: int32s(6) },
      { type: 0x4008, extra: int32s(3, 0x300) },
      { type: 0x4009, extra: int32s(0) },
    ]),
  );
  expect(objects[0]?.partition).toEqual({ fileSystem: "Unknown", type: "Unknown", architecture: "unknown" });
  expect(objects[1]?.signature).toEqual({ hash: "Unknown", fingerprint: null });
  expect(objects[2]?.cryptoMessage).toEqual({ format: "Unknown", type: "Unknown" });
  expect(objects[3]?.sbom).toEqual({ format: "Unknown" });
});

test("a cryptographic message tells its format and type", () => {
  const [ofSample] = parseTable(readSample("others/one-object-crypt-message.sif"));
  expect(ofSample?.cryptoMessage).toEqual({ format: "OpenPGP", type: "ClearSignature" });
  const [made] = parseTable(buildSif([{ type: 0x4008, extra: int32s(2, 0x200) }]));
  expect(made?.cryptoMessage).toEqual({ format: "PEM", type: "RSAOAEP" });
});

test("an OCI root index tells its digest, up to the first NUL or the end", () => {
  const [ofSample] = parseTable(readSample("others/one-object-oci-root-index.sif"));
  expect(ofSample?.oci).toEqual({
    digest: "sha256:2dc692f0dcaf7e3cb30db2d5d61004e4319f13db84331b65f066481c0f94cffb",
  });
  const [made] = parseTable(buildSif([{ type: 0x400b, extra: "x".repeat(384) }]));
  expect(made?.oci?.digest).toBe("x".repeat(384));
});

test("what a signature covers of a descriptor leaves out ID, group, place and time of change", () => {
  const spec = { type: 0x4007, content: "object", name: "n" };
  const [here] = parseTable(buildSif([spec]));
  const moved = buildSif([{ ...spec, id: 9, group: 0xf000_0005, gapBytes: 64 }]);
  moved[slotOffset(0) + 49] = 1;
  moved[slotOffset(0) + SLOT_AT.used] = 7;
  const [there] = parseTable(moved);
  if (here === undefined || there === undefined) throw new Error("no descriptor");
  expect(signedDescriptorBytes(here, 3)).toHaveLength(557);
  expect(signedDescriptorBytes(there, 3)).toEqual(signedDescriptorBytes(here, 3));
  expect(signedDescriptorBytes(here, 4)).not.toEqual(signedDescriptorBytes(here, 3));
});
