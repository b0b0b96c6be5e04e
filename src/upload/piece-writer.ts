/**
 * Cutting an upload's body into pieces as it comes: each goes to R2 as a stream of known length, and none is ever held
 * in memory.
 */

import { RegistryError } from "../errors.ts";
import { mismatch, tooShort } from "./appendix.ts";
import type { BodyReader } from "./body-reader.ts";

/** Pieces of one writer that may be on their way to the store at once. */
export const PIECES_UNDER_WAY = 2;
/** The first piece of a body of unknown length is this part of a chunk; each further one is twice as large. */
const FIRST_PIECE_DIVISOR = 256;
const ZEROS = new Uint8Array(256 * 1024);

/** What {@link writePieces} does. */
export interface WritePiecesOptions {
  readonly body: BodyReader;
  /** How many bytes the body has, where its sender announced that. */
  readonly announcedBytes: number | undefined;
  /** The largest piece. */
  readonly chunkBytes: number;
  /** More than this are refused, in bytes. */
  readonly roomBytes: number;
  /** The index of the first piece. */
  readonly firstIndex: number;
  /** Stores a stream of known length. Rejects, with nothing stored, when the stream is aborted. */
  readonly put: (index: number, piece: ReadableStream) => Promise<void>;
  /** Told of each piece that is in the store, in order: the blob goes on with the first `bytes` of it. */
  readonly stored: (index: number, bytes: number) => Promise<void>;
  /** Deletes a piece that was stored and will not be told of. */
  readonly discard: (index: number) => Promise<void>;
}

/**
 * Writes a body as pieces. Where it breaks off, the pieces before that stay.
 *
 * R2 takes streams of known length only. Of a body whose length is not known, the last piece is therefore filled up with
 * zeros that belong to no blob.
 * @throws {RegistryError} `size-mismatch` for a body of another length than announced; `quota-exceeded`
 * @throws {unknown} what the body, the store or `stored` fails with
 */
export async function writePieces(options: WritePiecesOptions): Promise<void> {
  const { announcedBytes, chunkBytes, roomBytes, stored } = options;
  if ((announcedBytes ?? 0) > roomBytes) throw noRoom(roomBytes);
  let receivedBytes = 0;
  let index = options.firstIndex;
  let rampBytes = chunkBytes / FIRST_PIECE_DIVISOR;
  /** Of the piece before: it is in the store, and told of. */
  let before: Promise<void> = Promise.resolve();
  try {
    for (;;) {
      const leftBytes = announcedBytes === undefined ? rampBytes : announcedBytes - receivedBytes;
      const pieceBytes = Math.min(chunkBytes, leftBytes);
      const first = await options.body.read(Math.max(pieceBytes, 1));
      if (first === undefined) break;
      if (pieceBytes === 0) throw mismatch(`more than the announced ${announcedBytes} bytes came`);
      const piece = { index, pieceBytes, first, roomBytes: roomBytes - receivedBytes };
      const { bytes, putting } = await writePiece(options, piece);
      try {
        await before;
      } catch (error) {
        await putting.then(() => options.discard(piece.index)).catch(ignore);
        throw error;
      }
      const at = index;
      before = putting.then(() => stored(at, bytes));
      before.catch(ignore);
      receivedBytes += bytes;
      index++;
      rampBytes = Math.min(rampBytes * 2, chunkBytes);
    }
  } finally {
    // Nothing is under way any more when this is over.
    await before;
  }
  if (announcedBytes !== undefined && receivedBytes < announcedBytes) throw tooShort(announcedBytes);
}

/** Writes one piece, to the end of it or of the body. @returns how much of the body is in it, and its storing */
async function writePiece(
  { body, put, announcedBytes }: WritePiecesOptions,
  piece: { index: number; pieceBytes: number; first: Uint8Array; roomBytes: number },
): Promise<{ bytes: number; putting: Promise<void> }> {
  const { pieceBytes } = piece;
  const { readable, writable } = new FixedLengthStream(pieceBytes);
  const putting = put(piece.index, readable);
  putting.catch(ignore);
  const writer = writable.getWriter();
  let bytes = 0;
  try {
    let read: Uint8Array | undefined = piece.first;
    while (read !== undefined) {
      bytes += read.length;
      if (bytes > piece.roomBytes) throw noRoom(piece.roomBytes);
      // Awaited before the buffer is read into again: the stream does not copy what it is given.
      await writer.write(read);
      read = bytes < pieceBytes ? await body.read(pieceBytes - bytes) : undefined;
    }
    if (bytes < pieceBytes && announcedBytes !== undefined) throw tooShort(announcedBytes);
    await pad(writer, pieceBytes - bytes);
    await writer.close();
  } catch (error) {
    await Promise.allSettled([writer.abort(error), putting]);
    throw error;
  }
  return { bytes, putting };
}

async function pad(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= ZEROS.length) {
    await writer.write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
  }
}

function noRoom(roomBytes: number): RegistryError {
  return new RegistryError(
    "quota-exceeded",
    `Cannot take upload: this repository has room for ${roomBytes} bytes more; delete what is not needed`,
  );
}

function ignore(): void {
  // It is awaited in its turn.
}
