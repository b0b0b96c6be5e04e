import { createHash } from "node:crypto";

const BLOCK_BYTES = 1024 * 1024;
const PAGE_BYTES = 4096;

/** Bytes that a fault upstream serves, made when they are asked for. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** The bytes `[startBytes, endBytes)`, in slices of at most 1 MiB. */
  slices(startBytes: number, endBytes: number): Iterable<Uint8Array>;
}

/** Options of {@link patternBlob}. */
export interface PatternOptions {
  readonly sizeBytes: number;
  /** Blobs of different seeds differ everywhere. */
  readonly seed?: number;
  /** Takes the place of the first bytes, for files that need a real header. */
  readonly prefix?: Uint8Array;
}

/** A blob of any size without memory for it: every page tells its block and its number, so that no two pieces are alike. */
export function patternBlob({ sizeBytes, seed = 1, prefix = new Uint8Array() }: PatternOptions): BlobSource {
  const base = baseBlock(seed);
  const block = (index: number): Uint8Array => {
    const bytes = Buffer.from(base);
    for (let page = 0; page < BLOCK_BYTES / PAGE_BYTES; page++) {
      bytes.writeUInt32LE(index, page * PAGE_BYTES);
      bytes.writeUInt32LE(page, page * PAGE_BYTES + 4);
    }
    const head = prefix.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    bytes.set(head.subarray(0, BLOCK_BYTES));
    return bytes;
  };
  return {
    sizeBytes,
    *slices(startBytes, endBytes) {
      let position = startBytes;
      const end = Math.min(endBytes, sizeBytes);
      while (position < end) {
        const index = Math.floor(position / BLOCK_BYTES);
        const from = position - index * BLOCK_BYTES;
        const to = Math.min(BLOCK_BYTES, end - index * BLOCK_BYTES);
        yield block(index).subarray(from, to);
        position += to - from;
      }
    },
  };
}

/** A blob whose bytes are at hand. */
export function bytesBlob(bytes: Uint8Array): BlobSource {
  return {
    sizeBytes: bytes.length,
    *slices(startBytes, endBytes) {
      for (let position = startBytes; position < Math.min(endBytes, bytes.length); position += BLOCK_BYTES) {
        yield bytes.subarray(position, Math.min(position + BLOCK_BYTES, endBytes, bytes.length));
      }
    },
  };
}

/** The digest of a source's bytes, `<algorithm>:<hex>`, computed as they are made. */
export function sourceDigest(source: BlobSource, algorithm: "sha256" | "sha512" = "sha256"): string {
  const hash = createHash(algorithm);
  for (const slice of source.slices(0, source.sizeBytes)) hash.update(slice);
  return `${algorithm}:${hash.digest("hex")}`;
}

/** The bytes `[startBytes, endBytes)` of a source in one piece, to compare an answer with. */
export function sourceBytes(source: BlobSource, startBytes = 0, endBytes = source.sizeBytes): Uint8Array {
  return Buffer.concat([...source.slices(startBytes, endBytes)]);
}

/** One block of xorshift32 output: incompressible, and the same on every machine. */
function baseBlock(seed: number): Uint8Array {
  const words = new Uint32Array(BLOCK_BYTES / 4);
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}
