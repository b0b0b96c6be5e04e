/** The global header of a SIF file: 128 packed bytes at its start, integers little-endian. */

import { RegistryError } from "../errors.ts";
import { architectureName, ARCHITECTURE_BYTES } from "./architecture.ts";
import { formatHex } from "./hex.ts";
import { invalidSif } from "./invalid.ts";
import { formatTime, readInt64 } from "./numbers.ts";
import { decodeName, decodeText, trimPadding } from "./text.ts";

/** Length of the global header. */
export const HEADER_BYTES = 128;

/** Where the fields of the global header start, in bytes from the start of the file. */
const AT = {
  launch: 0,
  magic: 32,
  version: 42,
  architecture: 45,
  id: 48,
  created: 64,
  modified: 72,
  descriptorsFree: 80,
  descriptorsTotal: 88,
  descriptorsOffset: 96,
  descriptorsSize: 104,
  dataOffset: 112,
  dataSize: 120,
} as const;

/** `SIF_MAGIC` and a NUL. */
const MAGIC = [0x53, 0x49, 0x46, 0x5f, 0x4d, 0x41, 0x47, 0x49, 0x43, 0x00] as const;

/** `01` and a NUL: the only version there is. */
const VERSION = [0x30, 0x31, 0x00] as const;

/** How many bytes of a file {@link sniffSif} needs: up to the end of the magic. */
export const SNIFF_BYTES = AT.version;

/** The global header as it stands in the file; nothing in it is checked against the file's size yet. */
export interface SifHeader {
  /** First line for the kernel, such as `#!/usr/bin/env run-singularity\n`; empty when unset. */
  readonly launch: string;
  /** Version of the format, `01`. */
  readonly version: string;
  /** Go name of the primary partition's architecture; `unknown` for data-only images and OCI-SIFs. */
  readonly architecture: string;
  /** The image's UUID in its usual form; all zeros when unset. */
  readonly id: string;
  /** RFC 3339, or null when untold. */
  readonly created: string | null;
  /** RFC 3339, or null when untold. */
  readonly modified: string | null;
  /** Slots of the descriptor table said to be free. */
  readonly descriptorsFree: number;
  /** Slots of the descriptor table. */
  readonly descriptorsTotal: number;
  /** Where the descriptor table starts, in bytes from the start of the file. */
  readonly descriptorsOffset: number;
  /** Length of the descriptor table in bytes. */
  readonly descriptorsSize: number;
  /** Where the objects start, in bytes from the start of the file. */
  readonly dataOffset: number;
  /** Bytes from `dataOffset` to the end of the last object; larger where objects were deleted. */
  readonly dataSize: number;
  /** The 61 bytes that signatures cover: launch script, magic, version and UUID, not architecture and times. */
  readonly signedBytes: Uint8Array;
}

/** Whether a file that starts with these bytes (at least {@link SNIFF_BYTES}) calls itself a SIF. */
export function sniffSif(start: Uint8Array): boolean {
  return holds(start, AT.magic, MAGIC);
}

/**
 * Reads the global header from the first bytes of a file.
 * @throws {RegistryError} `not-a-sif-file` without the magic, `invalid-sif` when cut short or of another version.
 */
export function parseHeader(start: Uint8Array): SifHeader {
  if (!sniffSif(start)) {
    throw new RegistryError(
      "not-a-sif-file",
      `Cannot read SIF file: the word "SIF_MAGIC" is missing at byte ${AT.magic}, so this is another kind of file`,
    );
  }
  if (start.length < HEADER_BYTES) {
    throw invalidSif({ field: "file size", found: start.length, allowed: `${HEADER_BYTES} bytes or more` });
  }
  if (!holds(start, AT.version, VERSION)) {
    const found = `"${decodeName(start.subarray(AT.version, AT.architecture))}"`;
    throw invalidSif({ field: "header, version", found, allowed: '"01"' });
  }
  const view = new DataView(start.buffer, start.byteOffset, HEADER_BYTES);
  return {
    launch: decodeText(trimPadding(start.subarray(AT.launch, AT.magic))),
    version: decodeText(trimPadding(start.subarray(AT.version, AT.architecture))),
    architecture: architectureName(start.subarray(AT.architecture, AT.architecture + ARCHITECTURE_BYTES)),
    id: formatUuid(start.subarray(AT.id, AT.created)),
    created: formatTime(readInt64(view, AT.created)),
    modified: formatTime(readInt64(view, AT.modified)),
    descriptorsFree: readInt64(view, AT.descriptorsFree),
    descriptorsTotal: readInt64(view, AT.descriptorsTotal),
    descriptorsOffset: readInt64(view, AT.descriptorsOffset),
    descriptorsSize: readInt64(view, AT.descriptorsSize),
    dataOffset: readInt64(view, AT.dataOffset),
    dataSize: readInt64(view, AT.dataSize),
    signedBytes: signedHeaderBytes(start),
  };
}

/** Copied, because what signatures cover must not change with the buffer it was read from. */
function signedHeaderBytes(start: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(AT.architecture + (AT.created - AT.id));
  bytes.set(start.subarray(AT.launch, AT.architecture), 0);
  bytes.set(start.subarray(AT.id, AT.created), AT.architecture);
  return bytes;
}

function holds(bytes: Uint8Array, offsetBytes: number, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[offsetBytes + index] === byte);
}

function formatUuid(bytes: Uint8Array): string {
  const hex = formatHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
