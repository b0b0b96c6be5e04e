/**
 * SIF files out of any objects, sound or not: for tests of what reads them. Images to pull and push are made by
 * `sif-fixture.ts`.
 */

/** A file in memory that can be read by ranges. */
export interface MemorySource {
  readonly sizeBytes: number;
  /** What was read of it, in order; ends exclusive. */
  readonly reads: [startBytes: number, endBytes: number][];
  read(startBytes: number, endBytes: number): Promise<Uint8Array>;
}

/** One object of {@link buildSif}; what is left out is as the reference library writes it. */
export interface ObjectSpec {
  /** Number of the data type, such as 0x4004. */
  readonly type: number;
  readonly content?: Uint8Array | string;
  readonly name?: Uint8Array | string;
  /** @default 0xf0000001, group 1 */
  readonly group?: number;
  /** @default 0, none */
  readonly link?: number;
  readonly extra?: Uint8Array | string;
  /** @default the slot's number + 1 */
  readonly id?: number;
  /** Empty bytes before it. @default 0 */
  readonly gapBytes?: number;
}

/** Header fields of 64 bits, by where they are in the file. */
export const HEADER_AT = {
  created: 64,
  modified: 72,
  descriptorsFree: 80,
  descriptorsTotal: 88,
  descriptorsOffset: 96,
  descriptorsSize: 104,
  dataOffset: 112,
  dataSize: 120,
} as const;

/** Descriptor fields, by where they are in their slot. */
export const SLOT_AT = {
  type: 0,
  used: 4,
  id: 5,
  group: 9,
  link: 13,
  offset: 17,
  size: 25,
  padded: 33,
} as const;

/** Where {@link buildSif} puts the descriptor table. */
export const TABLE_OFFSET = 4096;

/** Length of a slot in the table. */
export const SLOT_BYTES = 585;

const MIN_SLOTS = 48;

/** Makes a SIF file of these objects, in this order, one behind the other. */
export function buildSif(
  objects: readonly ObjectSpec[],
  options: { architecture?: string } = {},
): Uint8Array {
  const slots = Math.max(MIN_SLOTS, objects.length);
  const dataOffset = TABLE_OFFSET + slots * SLOT_BYTES;
  const contents = objects.map(({ content = "" }) => Buffer.from(content));
  const dataSize = objects.reduce(
    (size, { gapBytes = 0 }, i) => size + gapBytes + (contents[i]?.length ?? 0),
    0,
  );
  const bytes = Buffer.alloc(dataOffset + dataSize);
  bytes.write(`SIF_MAGIC\x0001\x00${options.architecture ?? "00"}`, 32);
  setInt64(bytes, HEADER_AT.created, 1_600_000_000);
  setInt64(bytes, HEADER_AT.modified, 1_600_000_001);
  setInt64(bytes, HEADER_AT.descriptorsFree, slots - objects.length);
  setInt64(bytes, HEADER_AT.descriptorsTotal, slots);
  setInt64(bytes, HEADER_AT.descriptorsOffset, TABLE_OFFSET);
  setInt64(bytes, HEADER_AT.descriptorsSize, slots * SLOT_BYTES);
  setInt64(bytes, HEADER_AT.dataOffset, dataOffset);
  setInt64(bytes, HEADER_AT.dataSize, dataSize);

  let offset = dataOffset;
  for (const [slot, object] of objects.entries()) {
    const at = slotOffset(slot);
    const content = contents[slot] ?? Buffer.alloc(0);
    const { gapBytes = 0, group = 0xf000_0001, link = 0, id = slot + 1, name = "", extra = "" } = object;
    offset += gapBytes;
    bytes.writeInt32LE(object.type, at);
    bytes.writeUInt8(1, at + SLOT_AT.used);
    bytes.writeUInt32LE(id, at + SLOT_AT.id);
    bytes.writeUInt32LE(group, at + SLOT_AT.group);
    bytes.writeUInt32LE(link, at + SLOT_AT.link);
    setInt64(bytes, at + SLOT_AT.offset, offset);
    setInt64(bytes, at + SLOT_AT.size, content.length);
    setInt64(bytes, at + SLOT_AT.padded, content.length + gapBytes);
    bytes.set(Buffer.from(name), at + 73);
    bytes.set(Buffer.from(extra), at + 201);
    content.copy(bytes, offset);
    offset += content.length;
  }
  // Not as a Buffer, which turns itself into something else when it is written as JSON.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The type-specific part of a partition's descriptor. */
export function partitionExtra(fileSystem: number, type: number, architecture: string): Uint8Array {
  const extra = Buffer.alloc(11);
  extra.writeInt32LE(fileSystem, 0);
  extra.writeInt32LE(type, 4);
  extra.write(architecture, 8);
  return extra;
}

/** Where a slot of the table starts, in the files of {@link buildSif} and in the samples. */
export function slotOffset(slot: number): number {
  return TABLE_OFFSET + slot * SLOT_BYTES;
}

/** Overwrites eight bytes with a signed integer. */
export function setInt64(bytes: Uint8Array, offset: number, value: number | bigint): void {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setBigInt64(offset, BigInt(value), true);
}

/** A file in memory that writes down what is read of it, and takes no question for what is not in it. */
export function memorySource(bytes: Uint8Array): MemorySource {
  const reads: [number, number][] = [];
  return {
    sizeBytes: bytes.length,
    reads,
    read(startBytes, endBytes) {
      if (!(startBytes >= 0 && startBytes < endBytes && endBytes <= bytes.length))
        throw new RangeError(`Cannot read bytes ${startBytes} to ${endBytes} of ${bytes.length}`);
      reads.push([startBytes, endBytes]);
      return Promise.resolve(bytes.slice(startBytes, endBytes));
    },
  };
}
