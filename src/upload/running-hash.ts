/** The hash of an upload, computed behind its writer, so that little is left to do at the end. */

import { PieceHasher } from "../blob/piece-hasher.ts";
import type { DigestAlgorithm } from "../oci/digest.ts";
import { type Layout, pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { Turns } from "../turns.ts";

/** Hashes the stored pieces of one upload. It lives in memory: after a restart it begins again. */
export class RunningHash {
  readonly #pieces: PieceStore;
  readonly #turns = new Turns();
  #hasher: PieceHasher | undefined;
  /** Pieces before this index are hashed. */
  #end = 0;

  constructor(pieces: PieceStore) {
    this.#pieces = pieces;
  }

  /**
   * Hashes on, up to the last piece of a layout.
   * @throws {unknown} what R2 fails with; the next call begins again.
   */
  follow(fillId: string, layout: Layout, algorithm: DigestAlgorithm): Promise<void> {
    return this.#turns.take(async () => {
      await this.#catchUp(fillId, layout, algorithm);
    });
  }

  /**
   * The hash of all pieces of a layout, in lower-case hex.
   * @throws {unknown} what R2 fails with.
   */
  finish(fillId: string, layout: Layout, algorithm: DigestAlgorithm): Promise<string> {
    return this.#turns.take(async () => {
      const hasher = await this.#catchUp(fillId, layout, algorithm);
      this.#hasher = undefined;
      return hasher.finish();
    });
  }

  async #catchUp(fillId: string, layout: Layout, algorithm: DigestAlgorithm): Promise<PieceHasher> {
    if (this.#hasher?.algorithm !== algorithm) {
      await this.#hasher?.abandon(new Error("It is hashed with another algorithm"));
      this.#hasher = new PieceHasher({ pieces: this.#pieces, fillId, algorithm });
      this.#end = 0;
    }
    const hasher = this.#hasher;
    const source = {
      stored: () => Promise.resolve(),
      onMissing: (index: number) => {
        throw new Error(`Cannot hash upload "${fillId}": the store lost its piece ${index}`);
      },
    };
    try {
      for (const count = pieceCount(layout); this.#end < count; this.#end++) {
        const { startBytes, endBytes } = pieceByIndex(layout, this.#end);
        await hasher.add(this.#end, endBytes - startBytes, source);
      }
      return hasher;
    } catch (error) {
      this.#hasher = undefined;
      await hasher.abandon(error);
      throw error;
    }
  }
}
