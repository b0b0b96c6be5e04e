/** Reads small objects out of a SIF file, neighbours together, within limits that no file can raise. */

import type { SifObject } from "./descriptor.ts";
import type { SifProblem } from "./invalid.ts";

/** Larger metadata objects are left unread and reported. */
export const MAX_OBJECT_BYTES = 4 * 1024 * 1024;

/** No more bytes of one file's objects than this are held in memory. */
export const MAX_CONTENTS_BYTES = 16 * 1024 * 1024;

/** Objects with at most so many bytes between them are fetched in one read. */
export const MAX_GAP_BYTES = 64 * 1024;

/** Reads `startBytes` to `endBytes` (exclusive) of the file, all of them or none. */
export type ReadRange = (startBytes: number, endBytes: number) => Promise<Uint8Array>;

/** Objects that one read brings. */
interface Batch {
  readonly startBytes: number;
  endBytes: number;
  readonly objects: SifObject[];
}

/** Collects the contents of the objects of one file. */
export class ObjectReader {
  readonly contents = new Map<number, Uint8Array>();
  readonly problems: SifProblem[] = [];
  readonly #read: ReadRange;
  readonly #first: Uint8Array;
  #contentsBytes = 0;

  /** @param first the bytes from the file's start that are there already */
  constructor(read: ReadRange, first: Uint8Array) {
    this.#read = read;
    this.#first = first;
  }

  /** Reads these objects into `contents`, passing over those that are in it already; too large ones become problems. */
  async readAll(objects: readonly SifObject[]): Promise<void> {
    const affordable = objects.filter((object) => !this.contents.has(object.id) && this.#admit(object));
    const outside = affordable.filter((object) => !this.#takeFromFirst(object));
    for (const batch of batches(outside)) {
      const bytes = await this.#read(batch.startBytes, batch.endBytes);
      for (const { id, offset, size } of batch.objects) {
        const start = offset - batch.startBytes;
        // Copied (which a Node Buffer's own slice() does not), so that keeping one object keeps no neighbours.
        this.contents.set(id, new Uint8Array(bytes.subarray(start, start + size)));
      }
    }
  }

  #admit({ id, size }: SifObject): boolean {
    if (size > MAX_OBJECT_BYTES) {
      this.#report(id, `Not read: ${size} bytes, of which at most ${MAX_OBJECT_BYTES} are`);
      return false;
    }
    if (this.#contentsBytes + size > MAX_CONTENTS_BYTES) {
      this.#report(id, `Not read: the file's metadata is more than ${MAX_CONTENTS_BYTES} bytes`);
      return false;
    }
    this.#contentsBytes += size;
    return true;
  }

  #takeFromFirst({ id, offset, size }: SifObject): boolean {
    if (offset + size > this.#first.length) return false;
    this.contents.set(id, this.#first.subarray(offset, offset + size));
    return true;
  }

  #report(objectId: number, message: string): void {
    this.problems.push({ objectId, message });
  }
}

/** Objects never overlap and lie in the file, as `checkObjects` has seen to, so a batch is little more than its objects. */
function batches(objects: readonly SifObject[]): Batch[] {
  const result: Batch[] = [];
  for (const object of [...objects].sort((a, b) => a.offset - b.offset)) {
    const batch = result.at(-1);
    const end = object.offset + object.size;
    const near = batch !== undefined && object.offset - batch.endBytes <= MAX_GAP_BYTES;
    if (near && end - batch.startBytes <= MAX_OBJECT_BYTES) {
      batch.endBytes = end;
      batch.objects.push(object);
    } else {
      result.push({ startBytes: object.offset, endBytes: end, objects: [object] });
    }
  }
  return result;
}
