/** The bytes of a committed blob, out of its stored pieces. */

import type { CommitRecord } from "../store/commit-store.ts";
import { pieceAt } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { largeReads } from "./large-reads.ts";

/** A read of a stored piece that breaks off is taken up again so often. */
const MAX_READ_ATTEMPTS = 4;

/** A piece of a committed blob is not there: the blob was dropped meanwhile, or the store lost it. */
export class MissingPiece extends Error {
  constructor(commit: CommitRecord, index: number) {
    super(`Cannot read blob "${commit.digest}": piece ${index} is not in the store`);
    this.name = "MissingPiece";
  }
}

/** Which part of which blob to read. */
export interface StoredRange {
  readonly pieces: PieceStore;
  readonly commit: CommitRecord;
  readonly startBytes: number;
  /** Exclusive; not beyond the blob's size. */
  readonly endBytes: number;
}

/**
 * The bytes of a range, in steps of at most 1 MiB that share one buffer: those of a step are gone when the next one is
 * asked for.
 * @throws {MissingPiece} and whatever R2 fails with several times in a row.
 */
export async function* storedBytes(range: StoredRange): AsyncGenerator<Uint8Array, void, undefined> {
  const { pieces, commit, startBytes, endBytes } = range;
  let position = startBytes;
  let attempts = 0;
  while (position < endBytes) {
    const piece = pieceAt(commit.layout, position);
    const length = Math.min(piece.endBytes, endBytes) - position;
    const body = await pieces.get(commit.fillId, piece.index, position - piece.startBytes, length);
    if (body === null) throw new MissingPiece(commit, piece.index);
    const before = position;
    try {
      for await (const bytes of largeReads(body)) {
        yield bytes;
        position += bytes.length;
      }
    } catch (error) {
      if (++attempts >= MAX_READ_ATTEMPTS) throw error;
      continue;
    }
    // A piece that ends early would be asked for without end.
    if (position === before) throw new MissingPiece(commit, piece.index);
  }
}
