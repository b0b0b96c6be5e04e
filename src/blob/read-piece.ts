/** The bytes of one stored piece, through whatever breaks off on the way. */

import type { PieceStore } from "../store/piece-store.ts";
import { largeReads } from "./large-reads.ts";

/** A read that breaks off is taken up again so often. */
const MAX_READ_ATTEMPTS = 4;

/** Which part of which piece to read. */
export interface PieceRead {
  readonly pieces: PieceStore;
  readonly fillId: string;
  readonly index: number;
  /** Counted from where the piece begins. */
  readonly startBytes: number;
  /** Exclusive; not beyond the piece's end. */
  readonly endBytes: number;
}

/** Waiting for pieces. */
export interface PieceSource {
  /** Resolves when a piece can be read from the store; rejects to end the reading. */
  readonly stored: (index: number) => Promise<void>;
  /** Told that a piece which should be there is not. Returns so that it is waited for again, or throws. */
  readonly onMissing: (index: number) => void;
}

/**
 * The bytes of a part of a piece, in steps of at most 1 MiB that share one buffer: those of a step are gone when the next
 * one is asked for.
 * @throws {unknown} what `stored` or `onMissing` fails with, and whatever R2 fails with several times
 */
export async function* readPiece(
  { pieces, fillId, index, startBytes, endBytes }: PieceRead,
  source: PieceSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = startBytes;
  let attempts = 0;
  while (position < endBytes) {
    await source.stored(index);
    const body = await pieces.get(fillId, index, position, endBytes - position);
    if (body === null) {
      source.onMissing(index);
      continue;
    }
    const before = position;
    try {
      for await (const bytes of largeReads(body)) {
        yield bytes;
        position += bytes.length;
      }
      // A piece that ends early would be asked for without end.
      if (position === before) throw new Error(`Cannot read piece ${index} of "${fillId}": it is too short`);
    } catch (error) {
      if (++attempts >= MAX_READ_ATTEMPTS) throw error;
    }
  }
}
