/** A part of an open file as a stream. */

import { Readable } from "node:stream";

/** @import { FileHandle } from "node:fs/promises" */

const READ_BYTES = 256 * 1024;

/**
 * `createReadStream()` of a handle, without a listener on the handle that stays for each stream.
 * @param {FileHandle} handle stays open
 * @param {number} startBytes
 * @param {number} lengthBytes
 * @param {(bytes: number) => void} advance told of what is read
 * @returns {Readable} fails where the file is shorter
 */
export function streamRange(handle, startBytes, lengthBytes, advance) {
  async function* pieces() {
    let done = 0;
    while (done < lengthBytes) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, lengthBytes - done));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, startBytes + done);
      if (bytesRead === 0) throw new Error("the file became shorter while it was read");
      done += bytesRead;
      advance(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: READ_BYTES });
}
