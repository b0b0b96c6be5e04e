/**
 * How a blob is cut into pieces, each one R2 object.
 *
 * A layout is written down beside every blob, as runs of equal pieces, so that blobs cut by other rules (another
 * CHUNK_BYTES, an upload's parts) stay readable side by side.
 */

/**
 * `count` pieces of `bytes` bytes each, one behind the other. Pieces of 0 bytes are indexes that hold nothing of the
 * blob, whatever the store has there.
 */
export interface PieceRun {
  readonly count: number;
  readonly bytes: number;
}

/** The pieces of one blob from its first byte to its last. */
export type Layout = readonly PieceRun[];

/** One piece's place in its blob. */
export interface Piece {
  readonly index: number;
  /** Offset of the first byte. */
  readonly startBytes: number;
  /** Offset behind the last byte. */
  readonly endBytes: number;
}

/**
 * The first piece and the last one are this part of a chunk: the first byte of a cold blob waits for the one, and the
 * other is held back until the whole blob is verified.
 */
const END_PIECE_DIVISOR = 256;
/** Up to a chunk, a piece is at most so many times what lies before it. */
const GROWTH = 3;
/** The largest pieces are so many chunks: every piece costs each reader and the verifier one request to the store. */
const MAX_CHUNKS_PER_PIECE = 4;

/**
 * Cuts a blob for filling. Pieces grow quickly from a small one (a first byte soon) to a chunk and, in the midst of a
 * large blob, to a few. They begin anew where the first reader begins, and get smaller towards the end, where several
 * connections are to be done at the same time. The last one is small again.
 * @param sizeBytes the blob's size
 * @param chunkBytes a multiple of 256
 * @param startBytes the offset that the first reader begins at
 */
export function fillLayout(sizeBytes: number, chunkBytes: number, startBytes = 0): Layout {
  if (sizeBytes === 0) return [];
  const lastBytes = chunkBytes / END_PIECE_DIVISOR;
  if (sizeBytes <= lastBytes) return [{ count: 1, bytes: sizeBytes }];

  const endBytes = sizeBytes - lastBytes;
  const readBytes = Math.min(startBytes, endBytes);
  const before = appendGrowing([], readBytes, chunkBytes);
  return appendPiece(appendGrowing(before, endBytes - readBytes, chunkBytes), lastBytes);
}

/** A layout with so many bytes behind it, in pieces that begin small. */
function appendGrowing(layout: Layout, sizeBytes: number, chunkBytes: number): Layout {
  const smallestBytes = chunkBytes / END_PIECE_DIVISOR;
  let longer = layout;
  for (let before = 0; before < sizeBytes;) {
    // With the blob's last piece.
    const behind = sizeBytes - before + smallestBytes;
    const largestBytes = Math.min(before, behind / 2, chunkBytes * MAX_CHUNKS_PER_PIECE);
    let bytes = Math.min(Math.max(before * GROWTH, smallestBytes), chunkBytes);
    while (bytes >= chunkBytes && bytes * 2 <= largestBytes) bytes *= 2;
    bytes = Math.min(bytes, sizeBytes - before);
    longer = appendPiece(longer, bytes);
    before += bytes;
  }
  return longer;
}

/** A layout with one more piece behind the others. */
export function appendPiece(layout: Layout, bytes: number): Layout {
  const last = layout.at(-1);
  if (last?.bytes !== bytes) return [...layout, { count: 1, bytes }];
  return [...layout.slice(0, -1), { count: last.count + 1, bytes }];
}

/** How many pieces a layout has. */
export function pieceCount(layout: Layout): number {
  return layout.reduce((sum, run) => sum + run.count, 0);
}

/** How many bytes a layout covers. */
export function layoutBytes(layout: Layout): number {
  return layout.reduce((sum, run) => sum + run.count * run.bytes, 0);
}

/** How many bytes the given pieces of a layout hold; pieces that it does not have hold none. */
export function bytesInPieces(layout: Layout, indexes: Iterable<number>): number {
  const count = pieceCount(layout);
  let bytes = 0;
  for (const index of indexes) {
    if (index >= count) continue;
    const { startBytes, endBytes } = pieceByIndex(layout, index);
    bytes += endBytes - startBytes;
  }
  return bytes;
}

/**
 * The piece with the given index.
 * @throws {RangeError} when the layout has no such piece.
 */
export function pieceByIndex(layout: Layout, index: number): Piece {
  return find(
    layout,
    (run, first) => (index >= first && index < first + run.count ? index - first : -1),
    index,
  );
}

/**
 * The piece that holds the byte at an offset.
 * @throws {RangeError} when the offset is outside the blob.
 */
export function pieceAt(layout: Layout, offsetBytes: number): Piece {
  return find(
    layout,
    (run, _first, start) =>
      offsetBytes >= start && offsetBytes < start + run.count * run.bytes
        ? Math.floor((offsetBytes - start) / run.bytes)
        : -1,
    offsetBytes,
  );
}

/** Walks the runs until `within` says which piece of a run is meant; it answers -1 for "not in this one". */
function find(
  layout: Layout,
  within: (run: PieceRun, firstIndex: number, startBytes: number) => number,
  asked: number,
): Piece {
  let index = 0;
  let start = 0;
  for (const run of layout) {
    const step = within(run, index, start);
    if (step >= 0) {
      const startBytes = start + step * run.bytes;
      return { index: index + step, startBytes, endBytes: startBytes + run.bytes };
    }
    index += run.count;
    start += run.count * run.bytes;
  }
  throw new RangeError(`Cannot find piece: ${asked} is outside a blob of ${index} pieces and ${start} bytes`);
}
