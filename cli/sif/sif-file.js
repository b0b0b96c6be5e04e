/**
 * The little that pushing needs to know of a SIF file: that it is one, that it is whole, and the metadata that its
 * builder wrote into it. Integers are little-endian; a file is somebody else's, so nothing in it is believed unchecked.
 */

import { CliError } from "../failure.js";

/** @import { FileHandle } from "node:fs/promises" */

/** What other clients take for a SIF is no shorter. */
const MIN_FILE_BYTES = 2048;
const HEADER_BYTES = 128;
const MAGIC_AT = 32;
/** Magic and version `01`, each ended by a NUL. */
const MAGIC = Buffer.from("SIF_MAGIC\u000001\u0000", "latin1");
const DESCRIPTORS_TOTAL_AT = 88;
const DESCRIPTORS_OFFSET_AT = 96;
const DESCRIPTOR_BYTES = 585;
/** Writers make tables of 48. */
const MAX_DESCRIPTORS = 4096;
const DESCRIPTOR = { type: 0, used: 4, offset: 17, size: 25, name: 73, nameEnd: 201 };
const GENERIC_JSON = 0x4006;
const METADATA_NAME = "inspect-metadata.json";
const MAX_METADATA_BYTES = 4 * 1024 * 1024;

/**
 * @typedef {object} SifObject
 * @property {number} type
 * @property {string} name
 * @property {number} offset
 * @property {number} size
 */

/**
 * Reads the metadata of a SIF file, and refuses what is none.
 * @param {FileHandle} handle
 * @param {number} sizeBytes
 * @param {string} file its name, for messages
 * @returns {Promise<string | undefined>} the text of the builder's metadata, undefined where there is none
 * @throws {CliError} not-a-sif
 */
export async function readSifMetadata(handle, sizeBytes, file) {
  const refuse = (/** @type {string} */ found) =>
    new CliError("not-a-sif", `Cannot push "${file}": ${found}; check the file, or build it again`);
  if (sizeBytes < MIN_FILE_BYTES) throw refuse(`with ${sizeBytes} bytes it is too short to be a SIF image`);
  const header = await read(handle, 0, HEADER_BYTES);
  if (!header.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length).equals(MAGIC)) {
    throw refuse("it does not begin as a SIF image does");
  }
  const total = readInt64(header, DESCRIPTORS_TOTAL_AT);
  const start = readInt64(header, DESCRIPTORS_OFFSET_AT);
  if (total < 0 || total > MAX_DESCRIPTORS) throw refuse(`its header counts ${total} objects`);
  const tableBytes = total * DESCRIPTOR_BYTES;
  if (start < HEADER_BYTES || start + tableBytes > sizeBytes)
    throw refuse("its table of objects is not in it");

  const objects = readTable(await read(handle, start, tableBytes));
  const end = Math.max(
    0,
    ...objects.map(({ offset, size }) => (offset < 0 || size < 0 ? Infinity : offset + size)),
  );
  if (end > sizeBytes) {
    throw refuse(`it is cut off: it has ${sizeBytes} bytes, and an object that ends at ${end}`);
  }
  const metadata = objects.find(({ type, name }) => type === GENERIC_JSON && name === METADATA_NAME);
  if (metadata === undefined) return undefined;
  if (metadata.size > MAX_METADATA_BYTES) throw refuse(`its metadata of ${metadata.size} bytes is too large`);
  return (await read(handle, metadata.offset, metadata.size)).toString("utf8");
}

/**
 * @param {Buffer} table
 * @returns {SifObject[]}
 */
function readTable(table) {
  /** @type {SifObject[]} */
  const objects = [];
  for (let at = 0; at < table.length; at += DESCRIPTOR_BYTES) {
    if (table[at + DESCRIPTOR.used] === 0) continue;
    const name = table.subarray(at + DESCRIPTOR.name, at + DESCRIPTOR.nameEnd).toString("utf8");
    objects.push({
      type: table.readInt32LE(at + DESCRIPTOR.type),
      name: name.replace(/\0.*$/s, ""),
      offset: readInt64(table, at + DESCRIPTOR.offset),
      size: readInt64(table, at + DESCRIPTOR.size),
    });
  }
  return objects;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function readInt64(bytes, at) {
  return Number(bytes.readBigInt64LE(at));
}

/**
 * @param {FileHandle} handle
 * @param {number} offset
 * @param {number} size
 */
async function read(handle, offset, size) {
  const bytes = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await handle.read(bytes, done, size - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes;
}
