/** Checks a blob's digest over the pieces as they are stored: what is verified is what will be served. */

import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { type Layout, pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { largeReads } from "./large-reads.ts";

/** A read of a stored piece that breaks off is taken up again so often. */
const MAX_READ_ATTEMPTS = 4;

const HASH_NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** What the verifier needs. */
export interface VerifyOptions {
  readonly pieces: PieceStore;
  readonly fillId: string;
  readonly layout: Layout;
  readonly digest: Digest;
  /** Resolves when a piece can be read from the store; rejects to end the verification. */
  readonly stored: (index: number) => Promise<void>;
  /** Told that a piece which should be there is not, so that it is fetched again. */
  readonly onMissing: (index: number) => void;
}

/**
 * Hashes all pieces in order, following those that store them, and tells whether the digest matches.
 * @throws {unknown} what `stored` rejects with, or what R2 fails with.
 */
export async function verifyPieces(options: VerifyOptions): Promise<boolean> {
  const hash = new crypto.DigestStream(HASH_NAMES[digestAlgorithm(options.digest)]);
  // Where hashing ends early, nobody waits for this any more.
  hash.digest.catch(() => {});
  const writer = hash.getWriter();
  try {
    const count = pieceCount(options.layout);
    for (let index = 0; index < count; index++) await hashPiece(options, index, writer);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
  return new Uint8Array(await hash.digest).toHex() === digestHex(options.digest);
}

async function hashPiece(
  options: VerifyOptions,
  index: number,
  writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>,
): Promise<void> {
  const { startBytes, endBytes } = pieceByIndex(options.layout, index);
  const sizeBytes = endBytes - startBytes;
  let position = 0;
  let attempts = 0;
  while (position < sizeBytes) {
    await options.stored(index);
    const body = await options.pieces.get(options.fillId, index, position);
    if (body === null) {
      options.onMissing(index);
      continue;
    }
    try {
      for await (const bytes of largeReads(body)) {
        await writer.write(bytes);
        position += bytes.length;
      }
    } catch (error) {
      if (++attempts >= MAX_READ_ATTEMPTS) throw error;
    }
  }
}
