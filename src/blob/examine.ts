/** Looking at a committed blob again: are all of its pieces there, and do they still have its digest? */

import type { CommitRecord } from "../store/commit-store.ts";
import { digestOfFill } from "../store/keys.ts";
import { pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { verifyPieces } from "./verifier.ts";

/** What is wrong with a blob. */
export type Damage =
  /** Pieces are not there, or not of their size; the latter stand in the way of the right ones. */
  | { readonly kind: "missing"; readonly inTheWay: readonly number[] }
  /** All are there, and their bytes are others. */
  | { readonly kind: "altered" };

/** What a look at a blob has found. */
export type Finding = { readonly kind: "intact" } | Damage;

/**
 * Reads all bytes of a blob through the verifier.
 * @throws {unknown} what R2 fails with: nothing is known then
 */
export async function examineBlob(pieces: PieceStore, commit: CommitRecord): Promise<Finding> {
  const { digest, fillId, layout } = commit;
  const facts = await pieces.stat(fillId);
  // Of an upload, the store may have more than is the blob's.
  const fetched = digestOfFill(fillId) !== undefined;
  const wrong = Array.from({ length: pieceCount(layout) }, (_, index) => index).filter((index) => {
    const { startBytes, endBytes } = pieceByIndex(layout, index);
    const wantedBytes = endBytes - startBytes;
    if (wantedBytes === 0) return false;
    const storedBytes = facts.get(index)?.sizeBytes ?? 0;
    return storedBytes < wantedBytes || (fetched && storedBytes > wantedBytes);
  });
  if (wrong.length > 0) return { kind: "missing", inTheWay: wrong.filter((index) => facts.has(index)) };
  let lost = false;
  try {
    const verified = await verifyPieces({
      pieces,
      fillId,
      layout,
      digest,
      stored: () => Promise.resolve(),
      onMissing: (index) => {
        lost = true;
        throw new Error(`Cannot verify blob "${digest}": its piece ${index} is gone`);
      },
    });
    return { kind: verified ? "intact" : "altered" };
  } catch (error) {
    if (lost) return { kind: "missing", inTheWay: [] };
    throw error;
  }
}
