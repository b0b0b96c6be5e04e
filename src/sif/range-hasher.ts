/** Digests of parts of a SIF file, each computed once and never more of them than a bounded number. */

import type { HashAlgorithm } from "./claimed-digest.ts";
import { formatHex } from "./hex.ts";
import type { SifFile } from "./reader.ts";

/** Part of a file. */
export interface ByteRange {
  readonly startBytes: number;
  /** Exclusive. */
  readonly endBytes: number;
}

/**
 * Hashes parts of the file, one after another as if they were one, and gives the digest in lower-case hex; null where
 * they cannot be read now. Whole partitions are asked for: it has to stream.
 */
export type HashRanges = (ranges: readonly ByteRange[], algorithm: HashAlgorithm) => Promise<string | null>;

/** No more parts than this are asked for: a file of thousands of tiny signed objects would cost a read for each. */
export const MAX_HASHED_RANGES = 512;

/** The digest in lower-case hex of bytes that are in memory. */
export async function hashBytes(bytes: Uint8Array, algorithm: HashAlgorithm): Promise<string> {
  return formatHex(new Uint8Array(await crypto.subtle.digest(algorithm, bytes)));
}

/**
 * A hasher for one file: takes the objects whose contents were read from memory, asks `hash` for the others, never for
 * an empty part, and remembers, so that several signatures over the same objects read them once.
 */
export function fileHasher(file: SifFile, hash: HashRanges): HashRanges {
  const contents = contentsByOffset(file);
  const known = new Map<string, Promise<string | null>>();
  let rangesLeft = MAX_HASHED_RANGES;

  function hashAnew(ranges: readonly ByteRange[], algorithm: HashAlgorithm): Promise<string | null> {
    const parts = ranges.map((range) => contentsOf(range, contents));
    if (!parts.includes(undefined))
      return hashParts(
        parts.filter((part) => part !== undefined),
        algorithm,
      );
    rangesLeft -= ranges.length;
    return rangesLeft < 0 ? Promise.resolve(null) : hash(ranges, algorithm);
  }

  return function hashOnce(ranges, algorithm) {
    const nonEmpty = ranges.filter(({ startBytes, endBytes }) => endBytes > startBytes);
    const key = [
      algorithm,
      ...nonEmpty.map(({ startBytes, endBytes }) => `${startBytes}-${endBytes}`),
    ].join();
    const digest = known.get(key) ?? hashAnew(nonEmpty, algorithm);
    known.set(key, digest);
    return digest;
  };
}

function contentsByOffset(file: SifFile): Map<number, Uint8Array> {
  const contents = new Map<number, Uint8Array>();
  for (const { id, offset, size } of file.objects) {
    const bytes = file.contents.get(id);
    if (bytes !== undefined && size > 0) contents.set(offset, bytes);
  }
  return contents;
}

function contentsOf(range: ByteRange, contents: ReadonlyMap<number, Uint8Array>): Uint8Array | undefined {
  const bytes = contents.get(range.startBytes);
  return bytes?.length === range.endBytes - range.startBytes ? bytes : undefined;
}

/** The parts together are at most what one file's contents may take in memory. */
async function hashParts(parts: readonly Uint8Array[], algorithm: HashAlgorithm): Promise<string> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return hashBytes(joined, algorithm);
}
