/**
 * Whether the parts of a SIF file can be where it says they are. The reference library checks none of this before it
 * allocates and reads; a server has to.
 */

import { DESCRIPTOR_BYTES, type SifObject } from "./descriptor.ts";
import { HEADER_BYTES, type SifHeader } from "./header.ts";
import { invalidSif } from "./invalid.ts";

/** The most descriptors we read; writers make 48 unless asked for more. */
export const MAX_DESCRIPTORS = 4096;

/**
 * Checks the global header against the file's size, before the descriptor table is read.
 * @throws {RegistryError} `invalid-sif` naming the field, what it holds and what it may hold.
 */
export function checkHeader(header: SifHeader, sizeBytes: number): void {
  const total = header.descriptorsTotal;
  checkNumber("header, descriptors total", total, 0, MAX_DESCRIPTORS);
  checkNumber("header, descriptors free", header.descriptorsFree, 0, total);
  checkNumber("header, descriptors offset", header.descriptorsOffset, HEADER_BYTES, sizeBytes);
  const room = sizeBytes - header.descriptorsOffset;
  checkNumber("header, descriptors size", header.descriptorsSize, total * DESCRIPTOR_BYTES, room);
  checkNumber("header, data offset", header.dataOffset, HEADER_BYTES, sizeBytes);
  checkNumber("header, data size", header.dataSize, 0, sizeBytes - header.dataOffset);
}

/**
 * Checks that every object lies inside the file and that no two things share a byte: objects, table and header.
 * @throws {RegistryError} `invalid-sif` naming the field, what it holds and what it may hold.
 */
export function checkObjects(header: SifHeader, objects: readonly SifObject[], sizeBytes: number): void {
  for (const object of objects) {
    const where = `descriptor ${object.slot}`;
    checkNumber(`${where}, offset`, object.offset, 0, sizeBytes);
    checkNumber(`${where}, size`, object.size, 0, sizeBytes - object.offset);
    checkNumber(`${where}, size with padding`, object.sizeWithPadding, 0, sizeBytes);
  }
  checkIds(objects);
  checkOverlaps(header, objects);
}

/** Part of the file that belongs to one thing. */
interface Region {
  readonly what: string;
  readonly startBytes: number;
  readonly endBytes: number;
}

function checkOverlaps(header: SifHeader, objects: readonly SifObject[]): void {
  const tableStart = header.descriptorsOffset;
  const tableEnd = tableStart + header.descriptorsTotal * DESCRIPTOR_BYTES;
  const regions: Region[] = [
    { what: "the header", startBytes: 0, endBytes: HEADER_BYTES },
    { what: "the descriptor table", startBytes: tableStart, endBytes: tableEnd },
    ...objects.map(({ slot, offset, size }) => ({
      what: `the object of descriptor ${slot}`,
      startBytes: offset,
      endBytes: offset + size,
    })),
  ];
  // An empty region shares no byte with anything, wherever it stands.
  const ordered = regions.filter(isNotEmpty).sort((a, b) => a.startBytes - b.startBytes);
  let before: Region | undefined;
  for (const region of ordered) {
    if (before !== undefined && region.startBytes < before.endBytes) {
      throw invalidSif({
        field: `start of ${region.what}`,
        found: region.startBytes,
        allowed: `${before.endBytes} or more, where ${before.what} ends`,
      });
    }
    before = region;
  }
}

function checkIds(objects: readonly SifObject[]): void {
  const seen = new Set<number>();
  for (const { slot, id } of objects) {
    if (id === 0 || seen.has(id)) {
      const allowed = "a number above 0 that no other descriptor has";
      throw invalidSif({ field: `descriptor ${slot}, ID`, found: id, allowed });
    }
    seen.add(id);
  }
}

function isNotEmpty(region: Region): boolean {
  return region.endBytes > region.startBytes;
}

function checkNumber(field: string, found: number, lowest: number, highest: number): void {
  if (found >= lowest && found <= highest) return;
  throw invalidSif({ field, found, allowed: highest < lowest ? "nothing" : `${lowest} to ${highest}` });
}
