/** Checks a blob's digest over the pieces as they are stored: what is verified is what will be served. */

import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { type Layout, pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { PieceHasher } from "./piece-hasher.ts";
import type { PieceSource } from "./read-piece.ts";

/** What the verifier needs. */
export interface VerifyOptions extends PieceSource {
  readonly pieces: PieceStore;
  readonly fillId: string;
  readonly layout: Layout;
  readonly digest: Digest;
}

/**
 * Hashes all pieces in order, following those that store them, and tells whether the digest matches.
 * @throws {unknown} what `stored` rejects with, or what R2 fails with.
 */
export async function verifyPieces(options: VerifyOptions): Promise<boolean> {
  const { pieces, fillId, layout, digest } = options;
  const hasher = new PieceHasher({ pieces, fillId, algorithm: digestAlgorithm(digest) });
  try {
    const count = pieceCount(layout);
    for (let index = 0; index < count; index++) {
      const { startBytes, endBytes } = pieceByIndex(layout, index);
      await hasher.add(index, endBytes - startBytes, options);
    }
    return (await hasher.finish()) === digestHex(digest);
  } catch (error) {
    await hasher.abandon(error);
    throw error;
  }
}
