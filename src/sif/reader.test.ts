import { expect, test } from "vitest";
import {
  buildSif,
  HEADER_AT,
  memorySource,
  setInt64,
  SLOT_AT,
  SLOT_BYTES,
  slotOffset,
  TABLE_OFFSET,
  type MemorySource,
  type ObjectSpec,
} from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { FIRST_READ_BYTES, readSif, type SifFile } from "./reader.ts";

const DEFFILE = 0x4001;
const PARTITION = 0x4004;
const SIGNATURE = 0x4005;
const GENERIC_JSON = 0x4006;
const KIB = 1024;
const MIB = 1024 * KIB;

/** End of the header and of a table of 48 slots. */
const DATA_OFFSET = TABLE_OFFSET + 48 * SLOT_BYTES;

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

async function read(
  objects: readonly ObjectSpec[],
): Promise<{ file: SifFile; reads: MemorySource["reads"] }> {
  const source = memorySource(buildSif(objects));
  return { file: await readSif(source), reads: source.reads };
}

function totalOf(reads: MemorySource["reads"]): number {
  return reads.reduce((sum, [start, end]) => sum + end - start, 0);
}

test("a file of at most 64 KiB is read at once", async () => {
  const source = memorySource(readSample("one-group-signed-pgp.sif"));
  const { contents } = await readSif(source);
  expect(source.reads).toEqual([[0, 42_008]]);
  expect([...contents.keys()]).toEqual([3]);
});

test("metadata near the start and a signature at the end take two reads, however large the partition", async () => {
  const { file, reads } = await read([
    { type: DEFFILE, content: "Bootstrap: docker\n" },
    { type: GENERIC_JSON, name: "inspect-metadata.json", content: "{}" },
    { type: PARTITION, content: new Uint8Array(8 * MIB) },
    { type: SIGNATURE, content: "signed" },
  ]);
  expect(reads).toEqual([
    [0, FIRST_READ_BYTES],
    [file.sizeBytes - 6, file.sizeBytes],
  ]);
  expect([1, 2, 3, 4].map((id) => text(file.contents.get(id)))).toEqual([
    "Bootstrap: docker\n",
    "{}",
    undefined,
    "signed",
  ]);
});

test("metadata aligned to pages of 64 KiB is read together, without what lies between other objects", async () => {
  const gapBytes = 64 * KIB - 39;
  const { file, reads } = await read([
    { type: DEFFILE, content: "d".repeat(39), gapBytes: 64 * KIB - DATA_OFFSET },
    { type: GENERIC_JSON, name: "inspect-metadata.json", content: "i".repeat(39), gapBytes },
    { type: GENERIC_JSON, name: "oci-config.json", content: "o".repeat(39), gapBytes },
    { type: PARTITION, content: new Uint8Array(MIB), gapBytes },
  ]);
  expect(reads).toEqual([
    [0, FIRST_READ_BYTES],
    [64 * KIB, 192 * KIB + 39],
  ]);
  expect(text(file.contents.get(1))).toBe("d".repeat(39));
  expect(text(file.contents.get(3))).toBe("o".repeat(39));
});

test("contents that came with others in one read keep only their own bytes in memory", async () => {
  const { file } = await read([
    { type: PARTITION, content: new Uint8Array(MIB) },
    { type: SIGNATURE, content: "one" },
    { type: SIGNATURE, content: "two" },
  ]);
  expect(text(file.contents.get(3))).toBe("two");
  expect(file.contents.get(3)?.buffer.byteLength).toBe(3);
});

test("a descriptor table elsewhere takes one read more", async () => {
  const bytes = Buffer.concat([buildSif([{ type: DEFFILE, content: "def" }]), Buffer.alloc(MIB)]);
  const end = bytes.length - 48 * SLOT_BYTES;
  bytes.copy(bytes, end, TABLE_OFFSET, DATA_OFFSET);
  setInt64(bytes, HEADER_AT.descriptorsOffset, end);
  const source = memorySource(bytes);
  const file = await readSif(source);
  expect(source.reads).toEqual([
    [0, FIRST_READ_BYTES],
    [end, bytes.length],
  ]);
  expect(text(file.contents.get(1))).toBe("def");
});

test("of several objects of one kind the first is read, and JSON of other names is not", async () => {
  const { file } = await read([
    { type: GENERIC_JSON, name: "data.json", content: "{}" },
    { type: DEFFILE, content: "first" },
    { type: DEFFILE, content: "second" },
  ]);
  expect([...file.contents.keys()]).toEqual([2]);
});

test("an object too large to show is reported and not read", async () => {
  const { file, reads } = await read([
    { type: DEFFILE, content: new Uint8Array(4 * MIB + 1) },
    { type: SIGNATURE, content: "signed" },
  ]);
  expect(reads).toHaveLength(2);
  expect([...file.contents.keys()]).toEqual([2]);
  expect(file.problems).toEqual([
    { objectId: 1, message: "Not read: 4194305 bytes, of which at most 4194304 are" },
  ]);
});

test("objects are read up to 16 MiB in all, the definition file first", async () => {
  const big = new Uint8Array(4 * MIB);
  const { file, reads } = await read([
    ...Array.from({ length: 5 }, () => ({ type: SIGNATURE, content: big })),
    { type: DEFFILE, content: "def" },
  ]);
  expect(new Set(file.contents.keys())).toEqual(new Set([1, 2, 3, 6]));
  expect(file.problems.map(({ objectId }) => objectId)).toEqual([4, 5]);
  expect(totalOf(reads)).toBeLessThan(17 * MIB);
  expect(Math.max(...reads.map(([start, end]) => end - start))).toBe(4 * MIB);
});

test("hundreds of signatures far apart cost a bounded number of reads", async () => {
  const { reads } = await read(
    Array.from({ length: 200 }, () => ({ type: SIGNATURE, content: "s", gapBytes: 65 * KIB })),
  );
  expect(reads).toHaveLength(2 + 32);
  expect(totalOf(reads)).toBe(FIRST_READ_BYTES + 200 * SLOT_BYTES + 32);
});

test("an empty object needs no read", async () => {
  const { file, reads } = await read([
    { type: PARTITION, content: new Uint8Array(MIB) },
    { type: DEFFILE, content: "" },
  ]);
  expect(reads).toEqual([[0, FIRST_READ_BYTES]]);
  expect(file.contents.get(2)).toHaveLength(0);
});

test("a source that gives fewer bytes than there should be is a damaged file", async () => {
  const source = { sizeBytes: 100_000, read: () => Promise.resolve(readSample("empty.sif")) };
  await expect(readSif(source)).rejects.toMatchObject({
    code: "invalid-sif",
    message: "Cannot read SIF file: length of bytes 0 to 65535 is 32176, allowed is 65536",
  });
});

test("what the source throws comes through", async () => {
  const source = { sizeBytes: 100_000, read: () => Promise.reject(new Error("upstream gone")) };
  await expect(readSif(source)).rejects.toThrow("upstream gone");
});

test("an empty file is not a SIF file, and nothing is read of it", async () => {
  const source = memorySource(new Uint8Array(0));
  await expect(readSif(source)).rejects.toMatchObject({ code: "not-a-sif-file" });
  expect(source.reads).toEqual([]);
});

test("a file cut short is damaged", async () => {
  const sample = readSample("one-group-signed-pgp.sif");
  const cut = sample.subarray(0, sample.length - 1);
  await expect(readSif(memorySource(cut))).rejects.toMatchObject({ code: "invalid-sif" });
});

test("an object beyond the file is refused before anything of it is read", async () => {
  const bytes = buildSif([{ type: DEFFILE, content: "def" }]);
  setInt64(bytes, slotOffset(0) + SLOT_AT.offset, bytes.length - 2);
  const source = memorySource(bytes);
  await expect(readSif(source)).rejects.toMatchObject({ code: "invalid-sif" });
  expect(source.reads).toHaveLength(1);
});

test("links to deleted objects are among the problems", async () => {
  const { file } = await read([{ type: SIGNATURE, content: "s", link: 7 }]);
  expect(file.problems).toEqual([{ objectId: 1, message: "Linked to object 7, which is not there" }]);
});
