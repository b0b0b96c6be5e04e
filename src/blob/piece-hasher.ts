/** Hashing a blob over its stored pieces: what is hashed is what will be served. */

import type { DigestAlgorithm } from "../oci/digest.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { type PieceSource, readPiece } from "./read-piece.ts";

const HASH_NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** What a {@link PieceHasher} reads. */
export interface PieceHasherOptions {
  readonly pieces: PieceStore;
  readonly fillId: string;
  readonly algorithm: DigestAlgorithm;
}

/** Hashes pieces in order. Whoever makes one calls {@link PieceHasher.finish} or {@link PieceHasher.abandon}. */
export class PieceHasher {
  readonly #options: PieceHasherOptions;
  readonly #hash: DigestStream;
  readonly #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>;

  constructor(options: PieceHasherOptions) {
    this.#options = options;
    this.#hash = new crypto.DigestStream(HASH_NAMES[options.algorithm]);
    // Where hashing ends early, nobody waits for this any more.
    this.#hash.digest.catch(() => {});
    this.#writer = this.#hash.getWriter();
  }

  /** See {@link PieceHasherOptions.algorithm}. */
  get algorithm(): DigestAlgorithm {
    return this.#options.algorithm;
  }

  /**
   * Hashes the next piece.
   * @throws {unknown} what `stored` or `onMissing` fails with, or R2; the hash is of no use then.
   */
  async add(index: number, sizeBytes: number, source: PieceSource): Promise<void> {
    const { pieces, fillId } = this.#options;
    const part = { startBytes: 0, endBytes: sizeBytes };
    for await (const bytes of readPiece({ pieces, fillId, index, ...part }, source)) {
      await this.#writer.write(bytes);
    }
  }

  /** The hash of all pieces, in lower-case hex. */
  async finish(): Promise<string> {
    await this.#writer.close();
    return new Uint8Array(await this.#hash.digest).toHex();
  }

  /** Lets go of the hash. */
  async abandon(reason: unknown): Promise<void> {
    await this.#writer.abort(reason).catch(() => {});
  }
}
