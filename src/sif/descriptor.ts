/** The descriptor table of a SIF file: slots of 585 packed bytes, each free or describing one object. */

import { dataTypeName, type SifDataType } from "./data-types.ts";
import { EXTRA_BYTES, parseExtra, type SifExtra } from "./extra.ts";
import { formatTime, readInt64 } from "./numbers.ts";
import { decodeName } from "./text.ts";

/** Where the fields of a descriptor start, in bytes from the start of its slot. */
const AT = {
  dataType: 0,
  used: 4,
  id: 5,
  group: 9,
  link: 13,
  offset: 17,
  size: 25,
  sizeWithPadding: 33,
  created: 41,
  modified: 49,
  uid: 57,
  gid: 65,
  name: 73,
  extra: 201,
} as const;

/** Length of one slot of the descriptor table. */
export const DESCRIPTOR_BYTES = AT.extra + EXTRA_BYTES;

/** Group IDs have this nibble set; in a link it says that the rest is a group's ID and not an object's. */
const GROUP_MASK = 0xf000_0000;

/** What an object is tied to, such as a signature to what it signs. */
export interface SifLink {
  readonly kind: "object" | "group";
  /** ID of that object or group. */
  readonly id: number;
}

/** One object of a SIF file, as its descriptor has it; nothing in it is checked against the file's size yet. */
export interface SifObject extends SifExtra {
  /** Place of the descriptor in the table, from 0. */
  readonly slot: number;
  readonly id: number;
  readonly type: SifDataType;
  /** The number behind `type`; all there is to tell of an `Unknown` one. */
  readonly dataType: number;
  /** Control characters and what is not UTF-8 escaped as `\xNN`; may be empty. */
  readonly name: string;
  /** Null for an object in no group. */
  readonly group: number | null;
  readonly link: SifLink | null;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes of the object. */
  readonly size: number;
  /** Bytes of the object and of the gap before it. */
  readonly sizeWithPadding: number;
  /** RFC 3339, or null when untold. */
  readonly created: string | null;
  /** RFC 3339, or null when untold. */
  readonly modified: string | null;
  /** User who made the object; 0 in files of today. */
  readonly uid: number;
  /** Group of the user who made the object; 0 in files of today. */
  readonly gid: number;
}

/** An object together with its slot's bytes, which signatures cover in part. */
export interface SifDescriptor extends SifObject {
  readonly slotBytes: Uint8Array;
}

/**
 * Reads the used slots of a descriptor table.
 * @param table all slots; what is left of a last, incomplete one is ignored
 */
export function parseDescriptors(table: Uint8Array): SifDescriptor[] {
  const descriptors: SifDescriptor[] = [];
  const total = Math.floor(table.length / DESCRIPTOR_BYTES);
  for (let slot = 0; slot < total; slot += 1) {
    const start = slot * DESCRIPTOR_BYTES;
    if (table[start + AT.used] === 0) continue;
    descriptors.push(parseDescriptor(slot, table.subarray(start, start + DESCRIPTOR_BYTES)));
  }
  return descriptors;
}

/**
 * The 557 bytes of a descriptor that a signature covers. The object's ID is in them only relative to the lowest one of
 * its group, and its place in the file not at all, so that a signature outlives a move.
 */
export function signedDescriptorBytes(descriptor: SifDescriptor, relativeId: number): Uint8Array {
  const { slotBytes } = descriptor;
  const parts = [
    slotBytes.subarray(AT.dataType, AT.used),
    Uint8Array.of(1), // the reference writer reads any used mark and writes 1
    new Uint8Array(4), // the relative ID, set below
    slotBytes.subarray(AT.link, AT.offset),
    slotBytes.subarray(AT.size, AT.sizeWithPadding),
    slotBytes.subarray(AT.created, AT.modified),
    slotBytes.subarray(AT.uid, DESCRIPTOR_BYTES),
  ];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  new DataView(bytes.buffer).setUint32(AT.id, relativeId, true);
  return bytes;
}

function parseDescriptor(slot: number, bytes: Uint8Array): SifDescriptor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataType = view.getInt32(AT.dataType, true);
  const type = dataTypeName(dataType);
  const group = withoutMask(view.getUint32(AT.group, true));
  return {
    slot,
    id: view.getUint32(AT.id, true),
    type,
    dataType,
    name: decodeName(bytes.subarray(AT.name, AT.extra)),
    group: group === 0 ? null : group,
    link: parseLink(view.getUint32(AT.link, true)),
    offset: readInt64(view, AT.offset),
    size: readInt64(view, AT.size),
    sizeWithPadding: readInt64(view, AT.sizeWithPadding),
    created: formatTime(readInt64(view, AT.created)),
    modified: formatTime(readInt64(view, AT.modified)),
    uid: readInt64(view, AT.uid),
    gid: readInt64(view, AT.gid),
    ...parseExtra(type, bytes.subarray(AT.extra, DESCRIPTOR_BYTES)),
    slotBytes: bytes,
  };
}

function parseLink(value: number): SifLink | null {
  const id = withoutMask(value);
  if (id === 0) return null;
  return { kind: value >>> 28 === 0xf ? "group" : "object", id };
}

function withoutMask(value: number): number {
  return (value & ~GROUP_MASK) >>> 0;
}
