/**
 * SIF images for tests: valid for every reader of the format, the same bytes for the same options, of any size.
 * They hold a definition file, Apptainer's metadata and one partition of incompressible filler in place of a file system.
 */
import { createCipheriv, createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sha256Bytes } from "./sha256.ts";

/** Options of {@link makeSif} and {@link writeSif}. */
export interface SifOptions {
  /** Size of the whole file. @default 65536 */
  readonly sizeBytes?: number;
  /** Architecture as Go names it. @default "amd64" */
  readonly arch?: keyof typeof ARCHITECTURES;
  /** @default {"org.label-schema.schema-version": "1.0"} */
  readonly labels?: Readonly<Record<string, string>>;
  /** Text of the definition file. */
  readonly definition?: string;
  /** Unix time of creation, in seconds. @default 1700000000 */
  readonly createdSeconds?: number;
  /** Other filler for other seeds. @default 1 */
  readonly seed?: number;
}

/** What a SIF file is known by. */
export interface SifFacts {
  readonly digest: string;
  readonly sizeBytes: number;
}

const ARCHITECTURES = {
  "386": "01",
  amd64: "02",
  arm: "03",
  arm64: "04",
  ppc64le: "06",
  s390x: "11",
  riscv64: "12",
} as const;

const LAUNCH_SCRIPT = "#!/usr/bin/env run-singularity\n";
const DESCRIPTORS = 48;
const DESCRIPTOR_BYTES = 585;
const DESCRIPTORS_OFFSET = 4096;
const DATA_OFFSET = DESCRIPTORS_OFFSET + DESCRIPTORS * DESCRIPTOR_BYTES;
const PARTITION_ALIGNMENT = 4096;
const GROUP_1 = 0xf0000001;
const DEFINITION_TYPE = 0x4001;
const PARTITION_TYPE = 0x4004;
const GENERIC_JSON_TYPE = 0x4006;
const PIECE_BYTES = 1024 * 1024;

/** Makes an image in memory: for sizes up to some tens of MiB. */
export function makeSif(options: SifOptions = {}): SifFacts & { readonly bytes: Uint8Array } {
  const bytes = Buffer.concat([...sifPieces(options)]);
  return { bytes, digest: sha256Bytes(bytes), sizeBytes: bytes.length };
}

/** Writes an image of any size to a file, in memory that does not grow with it. */
export async function writeSif(
  file: string,
  options: SifOptions = {},
): Promise<SifFacts & { readonly path: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  function* hashed(): Generator<Uint8Array> {
    for (const piece of sifPieces(options)) {
      hash.update(piece);
      sizeBytes += piece.length;
      yield piece;
    }
  }
  await pipeline(Readable.from(hashed()), createWriteStream(file));
  return { path: file, digest: `sha256:${hash.digest("hex")}`, sizeBytes };
}

/**
 * The bytes of an image, piece after piece.
 *
 * @throws RangeError where the size does not even hold the header, the metadata and a partition of one byte
 */
export function* sifPieces(options: SifOptions = {}): Generator<Uint8Array> {
  const { sizeBytes = 65536, arch = "amd64", createdSeconds = 1_700_000_000, seed = 1 } = options;
  const definition = Buffer.from(options.definition ?? "Bootstrap: docker\nFrom: alpine:3.20\n");
  const labels = options.labels ?? { "org.label-schema.schema-version": "1.0" };
  const metadata = Buffer.from(
    JSON.stringify({ data: { attributes: { labels, deffile: definition.toString() } }, type: "container" }),
  );

  const metadataOffset = DATA_OFFSET + definition.length;
  const metadataEnd = metadataOffset + metadata.length;
  const partitionOffset = Math.ceil(metadataEnd / PARTITION_ALIGNMENT) * PARTITION_ALIGNMENT;
  const partitionBytes = sizeBytes - partitionOffset;
  if (partitionBytes < 1) {
    throw new RangeError(
      `Cannot make a SIF image of ${sizeBytes} bytes: with this metadata it needs ${partitionOffset + 1} or more`,
    );
  }

  const head = Buffer.alloc(partitionOffset);
  const archCode = ARCHITECTURES[arch];
  const time = BigInt(createdSeconds);
  head.write(LAUNCH_SCRIPT, 0);
  head.write(`SIF_MAGIC\x0001\x00${archCode}`, 32);
  head.fill(createHash("sha256").update(`id ${seed}`).digest().subarray(0, 16), 48, 64);
  writeInt64s(head, 64, [time, time]);
  writeInt64s(head, 80, [DESCRIPTORS - 3, DESCRIPTORS, DESCRIPTORS_OFFSET, DESCRIPTORS * DESCRIPTOR_BYTES]);
  writeInt64s(head, 112, [DATA_OFFSET, sizeBytes - DATA_OFFSET]);

  const partitionExtra = Buffer.alloc(11);
  partitionExtra.writeInt32LE(1, 0); // squashfs
  partitionExtra.writeInt32LE(2, 4); // primary system partition
  partitionExtra.write(archCode, 8);
  const objects: readonly SifObject[] = [
    { type: DEFINITION_TYPE, name: "", offset: DATA_OFFSET, sizeBytes: definition.length, gapBytes: 0 },
    {
      type: GENERIC_JSON_TYPE,
      name: "inspect-metadata.json",
      offset: metadataOffset,
      sizeBytes: metadata.length,
      gapBytes: 0,
    },
    {
      type: PARTITION_TYPE,
      name: "",
      offset: partitionOffset,
      sizeBytes: partitionBytes,
      gapBytes: partitionOffset - metadataEnd,
      extra: partitionExtra,
    },
  ];
  for (const [slot, object] of objects.entries()) writeDescriptor(head, slot, object, time);
  definition.copy(head, DATA_OFFSET);
  metadata.copy(head, metadataOffset);
  yield head;
  yield* filler(partitionBytes, seed);
}

interface SifObject {
  readonly type: number;
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Unused bytes before it. */
  readonly gapBytes: number;
  readonly extra?: Uint8Array;
}

function writeDescriptor(head: Buffer, slot: number, object: SifObject, time: bigint): void {
  const at = DESCRIPTORS_OFFSET + slot * DESCRIPTOR_BYTES;
  head.writeInt32LE(object.type, at);
  head.writeUInt8(1, at + 4);
  head.writeUInt32LE(slot + 1, at + 5);
  head.writeUInt32LE(GROUP_1, at + 9);
  writeInt64s(head, at + 17, [
    object.offset,
    object.sizeBytes,
    object.sizeBytes + object.gapBytes,
    time,
    time,
  ]);
  head.write(object.name, at + 73);
  if (object.extra !== undefined) head.set(object.extra, at + 201);
}

function writeInt64s(target: Buffer, at: number, values: readonly (number | bigint)[]): void {
  for (const [index, value] of values.entries()) target.writeBigInt64LE(BigInt(value), at + index * 8);
}

/** Bytes that no one can compress, the same for the same seed: a cipher's key stream. */
function* filler(sizeBytes: number, seed: number): Generator<Uint8Array> {
  const key = createHash("sha256").update(`filler ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(PIECE_BYTES);
  for (let left = sizeBytes; left > 0; left -= PIECE_BYTES)
    yield cipher.update(zeros.subarray(0, Math.min(left, PIECE_BYTES)));
}
