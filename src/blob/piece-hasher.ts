/** Hashing a blob over its stored pieces: what is hashed is what will be served. */

import type { DigestAlgorithm } from "../oci/digest.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { largeReads } from "./large-reads.ts";

/** A read of a stored piece that breaks off is taken up again so often. */
const MAX_READ_ATTEMPTS = 4;

const HASH_NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** What a {@link PieceHasher} reads. */
export interface PieceHasherOptions {
  readonly pieces: PieceStore;
  readonly fillId: string;
  readonly algorithm: DigestAlgorithm;
}

/** Waiting for pieces. */
export interface PieceSource {
  /** Resolves when a piece can be read from the store; rejects to end the hashing. */
  readonly stored: (index: number) => Promise<void>;
  /** Told that a piece which should be there is not. Returns so that it is waited for again, or throws. */
  readonly onMissing: (index: number) => void;
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
    let position = 0;
    let attempts = 0;
    while (position < sizeBytes) {
      await source.stored(index);
      const body = await pieces.get(fillId, index, position, sizeBytes - position);
      if (body === null) {
        source.onMissing(index);
        continue;
      }
      try {
        for await (const bytes of largeReads(body)) {
          await this.#writer.write(bytes);
          position += bytes.length;
        }
      } catch (error) {
        if (++attempts >= MAX_READ_ATTEMPTS) throw error;
      }
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
