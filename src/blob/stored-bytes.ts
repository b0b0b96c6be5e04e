/** The bytes of a committed blob, out of its stored pieces. */

import type { CommitRecord } from "../store/commit-store.ts";
import { pieceAt } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { readPiece } from "./read-piece.ts";

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
 * @throws {MissingPiece} and whatever R2 fails with several times.
 */
export async function* storedBytes(range: StoredRange): AsyncGenerator<Uint8Array, void, undefined> {
  const { pieces, commit, startBytes, endBytes } = range;
  const { fillId, layout } = commit;
  const source = {
    stored: () => Promise.resolve(),
    onMissing: (index: number) => {
      throw new MissingPiece(commit, index);
    },
  };
  let position = startBytes;
  while (position < endBytes) {
    const piece = pieceAt(layout, position);
    const end = Math.min(piece.endBytes, endBytes);
    const part = { startBytes: position - piece.startBytes, endBytes: end - piece.startBytes };
    yield* readPiece({ pieces, fillId, index: piece.index, ...part }, source);
    position = end;
  }
}
