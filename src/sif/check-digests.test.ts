import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  buildSif,
  memorySource,
  setInt64,
  SLOT_AT,
  slotOffset,
  SLOT_BYTES,
  type ObjectSpec,
} from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { checkDigests, type DigestsMatch } from "./check-digests.ts";
import { fileHasher, MAX_HASHED_RANGES, type ByteRange, type HashRanges } from "./range-hasher.ts";
import { readSif } from "./reader.ts";
import { parseSignatures } from "./signature.ts";

const PGP = "one-group-signed-pgp.sif";
const GENERIC = 0x4007;
const SIGNATURE = 0x4005;
const GROUP_1 = 0xf000_0001;
const NO_GROUP = 0xf000_0000;

function digestOf(algorithm: string, ...parts: Uint8Array[]): string {
  return `${algorithm}:${createHash(algorithm).update(Buffer.concat(parts)).digest("hex")}`;
}

function hasherOf(file: Uint8Array, asked: ByteRange[][] = []): HashRanges {
  return (ranges, algorithm) => {
    asked.push([...ranges]);
    const parts = ranges.map(({ startBytes, endBytes }) => file.subarray(startBytes, endBytes));
    return Promise.resolve(
      digestOf(algorithm.replace("-", "").toLowerCase(), ...parts).split(":")[1] ?? null,
    );
  };
}

function readNothing(): Promise<null> {
  return Promise.resolve(null);
}

async function check(bytes: Uint8Array, hash: HashRanges = hasherOf(bytes)): Promise<DigestsMatch[]> {
  const file = await readSif(memorySource(bytes));
  const hashOnce = fileHasher(file, hash);
  const results: DigestsMatch[] = [];
  for (const signature of parseSignatures(file).signatures) {
    results.push(await checkDigests(file, signature, hashOnce));
  }
  return results;
}

interface ClaimOptions {
  readonly algorithm?: string;
  /** Taken for all digests in place of the right ones. */
  readonly digest?: string;
  readonly link?: number;
}

/** Objects of group 1, and behind them a signature with the right digests of all of them. */
function signedSif(objects: readonly ObjectSpec[], options: ClaimOptions = {}): Uint8Array {
  const { algorithm = "sha256", digest, link = GROUP_1 } = options;
  const unsigned = buildSif(objects);
  const claims = objects.map(({ content = "" }, relativeId) => {
    const slot = unsigned.subarray(slotOffset(relativeId), slotOffset(relativeId + 1));
    const id = Buffer.alloc(4);
    id.writeUInt32LE(relativeId);
    const covered = [
      slot.subarray(0, 5),
      id,
      slot.subarray(13, 17),
      slot.subarray(25, 33),
      slot.subarray(41, 49),
    ];
    return {
      relativeId,
      descriptorDigest: digest ?? digestOf(algorithm, ...covered, slot.subarray(57)),
      objectDigest: digest ?? digestOf(algorithm, Buffer.from(content)),
    };
  });
  const headerDigest = digest ?? digestOf(algorithm, unsigned.subarray(0, 45), unsigned.subarray(48, 64));
  const payload = JSON.stringify({ version: 1, header: { digest: headerDigest }, objects: claims });
  const envelope = JSON.stringify({
    payloadType: "application/vnd.sylabs.sif-metadata+json",
    payload: Buffer.from(payload).toString("base64"),
    signatures: [{ sig: "" }],
  });
  return buildSif([...objects, { type: SIGNATURE, group: NO_GROUP, link, content: envelope }]);
}

test.each([
  [PGP, [true]],
  ["one-group-signed-dsse.sif", [true]],
  ["one-group-signed-legacy.sif", [true]],
  ["others/one-group-signed-legacy-group.sif", [true]],
])("the digests in %s are its own", async (name, expected) => {
  expect(await check(readSample(name))).toEqual(expected);
});

test.each([
  [PGP],
  ["one-group-signed-dsse.sif"],
  ["one-group-signed-legacy.sif"],
  ["others/one-group-signed-legacy-group.sif"],
])("without reading partitions, those in %s are untold", async (name) => {
  expect(await check(readSample(name), readNothing)).toEqual([null]);
});

test.each([
  ["the launch script", 0, false],
  ["the UUID", 48, false],
  ["the architecture", 46, true],
  ["the time of creation", 64, true],
  ["an object's name", slotOffset(0) + 73, false],
  ["an object's file system", slotOffset(1) + 201, false],
  ["an object's size with padding", slotOffset(1) + SLOT_AT.padded, true],
  ["an object's time of change", slotOffset(1) + 49, true],
  ["the first object", 32_768, false],
  ["the last byte of the second object", 40_959, false],
  ["the gap between the objects", 32_772, true],
])("after a change to %s (byte %i) the digests match: %s", async (_, offset, expected) => {
  const bytes = readSample(PGP);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  expect(await check(bytes)).toEqual([expected]);
});

test("a changed header or descriptor is told without reading any object", async () => {
  const bytes = readSample(PGP);
  bytes[slotOffset(1) + 73] = 0x78;
  const asked: ByteRange[][] = [];
  expect(await check(bytes, hasherOf(bytes, asked))).toEqual([false]);
  expect(asked).toEqual([]);
});

test("a legacy signature over an object that was deleted does not match", async () => {
  const bytes = readSample("one-group-signed-legacy.sif");
  bytes.fill(0, slotOffset(1), slotOffset(1) + SLOT_BYTES);
  const nothing = createHash("sha384").digest("hex");
  expect(await check(bytes)).toEqual([false]);
  bytes.set(Buffer.from(nothing), Buffer.from(bytes).indexOf("SIFHASH:\n") + 9);
  expect(await check(bytes)).toEqual([false]);
});

test("a legacy signature is over its object's bytes and nothing else", async () => {
  const bytes = readSample("one-group-signed-legacy.sif");
  bytes[32_768] = 0;
  expect(await check(bytes)).toEqual([true]);
  bytes[36_864] = 0;
  expect(await check(bytes)).toEqual([false]);
});

test("a signature outlives a move of its objects", async () => {
  const moved = Buffer.concat([readSample(PGP), Buffer.alloc(4)]);
  moved.copy(moved, moved.length - 4, 32_768, 32_772);
  setInt64(moved, slotOffset(0) + SLOT_AT.offset, moved.length - 4);
  expect(await check(moved)).toEqual([true]);
});

test("a signed object that was deleted does not match", async () => {
  const bytes = readSample(PGP);
  bytes.fill(0, slotOffset(1), slotOffset(1) + SLOT_BYTES);
  expect(await check(bytes)).toEqual([false]);
  bytes.fill(0, slotOffset(0), slotOffset(0) + SLOT_BYTES);
  expect(await check(bytes)).toEqual([false]);
});

test("a signed object that was moved to another group does not match", async () => {
  const bytes = readSample(PGP);
  bytes[slotOffset(1) + SLOT_AT.group] = 2;
  expect(await check(bytes)).toEqual([false]);
});

test.each(["sha256", "sha384", "sha512"])("digests of %s are computed", async (algorithm) => {
  expect(await check(signedSif([{ type: GENERIC, content: "object" }], { algorithm }))).toEqual([true]);
});

test.each([[`sha224:${"0".repeat(56)}`], [`sha512_224:${"0".repeat(56)}`], [`sha512_256:${"0".repeat(64)}`]])(
  "digests such as %s, which Web Crypto does not compute, are untold",
  async (digest) => {
    expect(await check(signedSif([{ type: GENERIC, content: "object" }], { digest }))).toEqual([null]);
  },
);

test("objects that were read as metadata are compared on a cold file, too", async () => {
  const bytes = signedSif([{ type: 0x4001, content: "Bootstrap: docker\n" }]);
  expect(await check(bytes, readNothing)).toEqual([true]);
});

test("a signature of relative IDs that is linked to no group is untold", async () => {
  expect(await check(signedSif([{ type: GENERIC, content: "object" }], { link: 1 }))).toEqual([null]);
  expect(await check(signedSif([{ type: GENERIC, content: "object" }], { link: 0 }))).toEqual([null]);
});

test("what is no signature is untold", async () => {
  expect(
    await check(buildSif([{ type: SIGNATURE, link: GROUP_1, group: NO_GROUP, content: "signed" }])),
  ).toEqual([null]);
});

test("several signatures over one object read it once, and an empty object is not read", async () => {
  const [first, signature] = [
    { type: GENERIC, content: "object" },
    { type: SIGNATURE, group: NO_GROUP, link: GROUP_1 },
  ];
  const one = signedSif([first, { type: GENERIC }]);
  const content = one.subarray(one.length - signatureSize(one));
  const bytes = buildSif([first, { type: GENERIC }, { ...signature, content }, { ...signature, content }]);
  const asked: ByteRange[][] = [];
  expect(await check(bytes, hasherOf(bytes, asked))).toEqual([true, true]);
  expect(asked).toEqual([[{ startBytes: 32_176, endBytes: 32_182 }]]);
});

function signatureSize(bytes: Uint8Array): number {
  return Number(Buffer.from(bytes).readBigInt64LE(slotOffset(2) + SLOT_AT.size));
}

test("no file makes us ask for more parts than a bounded number", async () => {
  const objects = Array.from({ length: MAX_HASHED_RANGES + 1 }, () => ({ type: GENERIC, content: "x" }));
  const bytes = signedSif(objects);
  const asked: ByteRange[][] = [];
  expect(await check(bytes, hasherOf(bytes, asked))).toEqual([null]);
  expect(asked).toHaveLength(MAX_HASHED_RANGES);
});
