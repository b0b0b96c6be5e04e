/** Digests of parts of a committed blob, which may be many gigabytes: streamed, never held. */

import type { HashRanges } from "../sif/range-hasher.ts";
import type { CommitRecord } from "../store/commit-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { storedBytes } from "./stored-bytes.ts";

/**
 * How often a blob's bytes are read over for one report, at most. Sound signatures need it once; a file that claims
 * digests of every algorithm over every object would have it read many times.
 */
const MAX_PASSES = 2;

/** Hashes parts of a committed blob; gives null once more than {@link MAX_PASSES} times its size would be read. */
export function storedDigests(pieces: PieceStore, commit: CommitRecord): HashRanges {
  let leftBytes = MAX_PASSES * commit.sizeBytes;
  return async function digestOfRanges(ranges, algorithm) {
    leftBytes -= ranges.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
    if (leftBytes < 0) return null;
    const hash = new crypto.DigestStream(algorithm);
    // Where hashing ends early, nobody waits for this any more.
    hash.digest.catch(() => {});
    const writer = hash.getWriter();
    try {
      for (const range of ranges) {
        for await (const bytes of storedBytes({ pieces, commit, ...range })) await writer.write(bytes);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
    return new Uint8Array(await hash.digest).toHex();
  };
}
