import { assert, integer, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { appendPiece, fillLayout, layoutBytes, pieceAt, pieceByIndex, pieceCount } from "./layout.ts";

const CHUNK = 16 * 1024 * 1024;
const MIB = 1024 * 1024;
/** The first piece and the last. */
const KIB_64 = CHUNK / 256;
/** The pieces of the first chunk. */
const GROWING = [KIB_64, 3 * KIB_64, 12 * KIB_64, 3 * MIB, 12 * MIB].map((bytes) => ({ count: 1, bytes }));

/** Sizes at which the cut changes, each with its neighbours. */
const EDGES = [
  0,
  1,
  CHUNK / 256,
  CHUNK / 128,
  CHUNK / 64,
  CHUNK / 16,
  CHUNK / 4,
  CHUNK,
  2 * CHUNK,
  5 * 2 ** 30,
]
  .flatMap((size) => [size - 1, size, size + 1, size + CHUNK / 256])
  .filter((size) => size >= 0);

describe("fillLayout()", () => {
  it("has no piece for a blob without bytes", () => {
    expect(fillLayout(0, CHUNK)).toEqual([]);
  });

  it("keeps a blob that fits the first piece whole", () => {
    expect(fillLayout(1, CHUNK)).toEqual([{ count: 1, bytes: 1 }]);
    expect(fillLayout(KIB_64, CHUNK)).toEqual([{ count: 1, bytes: KIB_64 }]);
  });

  it("begins small, grows to a chunk, and ends with a small piece", () => {
    expect(fillLayout(50 * MIB, CHUNK)).toEqual([
      ...GROWING,
      { count: 2, bytes: CHUNK },
      { count: 1, bytes: 2 * MIB - KIB_64 },
      { count: 1, bytes: KIB_64 },
    ]);
  });

  it("takes several chunks together far from both ends", () => {
    expect(fillLayout(1024 * MIB, CHUNK)).toEqual([
      ...GROWING,
      { count: 1, bytes: CHUNK },
      { count: 1, bytes: 2 * CHUNK },
      { count: 14, bytes: 4 * CHUNK },
      { count: 1, bytes: 2 * CHUNK },
      { count: 1, bytes: CHUNK },
      { count: 1, bytes: CHUNK - KIB_64 },
      { count: 1, bytes: KIB_64 },
    ]);
  });

  it("has less than a thousand pieces for 50 GiB", () => {
    expect(pieceCount(fillLayout(50 * 2 ** 30, CHUNK))).toBe(809);
  });

  it("begins small anew where the first reader begins", () => {
    expect(fillLayout(64 * MIB, CHUNK, 32 * MIB + 1)).toEqual([
      ...GROWING,
      { count: 1, bytes: CHUNK },
      { count: 1, bytes: 1 },
      ...GROWING,
      { count: 1, bytes: CHUNK - KIB_64 - 1 },
      { count: 1, bytes: KIB_64 },
    ]);
  });

  it("is cut as from the front for a reader of what waits for the whole anyway", () => {
    expect(fillLayout(50 * MIB, CHUNK, 50 * MIB - 1)).toEqual(fillLayout(50 * MIB, CHUNK));
  });

  it.each(EDGES)("covers a blob of %d bytes exactly", (size) => {
    expect(layoutBytes(fillLayout(size, CHUNK))).toBe(size);
  });

  it("covers every byte once, in order, and a piece beyond a chunk has as much before it, and twice as much behind", () => {
    assert(
      property(
        integer({ min: 1, max: 3_000_000 }),
        integer({ min: 1, max: 64 }),
        nat(),
        (size, blocks, place) => {
          const chunk = blocks * 4096;
          const layout = fillLayout(size, chunk, place % size);
          let end = 0;
          for (let index = 0; index < pieceCount(layout); index++) {
            const piece = pieceByIndex(layout, index);
            expect(piece.startBytes).toBe(end);
            expect(piece.endBytes - piece.startBytes).toBeGreaterThan(0);
            const limit = Math.max(
              chunk,
              Math.min(4 * chunk, piece.startBytes, (size - piece.startBytes) / 2),
            );
            expect(piece.endBytes - piece.startBytes).toBeLessThanOrEqual(limit);
            end = piece.endBytes;
          }
          expect(end).toBe(size);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("pieceAt()", () => {
  it("finds the piece that holds an offset", () => {
    assert(
      property(integer({ min: 1, max: 200 * MIB }), nat(), (size, seed) => {
        const layout = fillLayout(size, CHUNK);
        const offset = seed % size;
        const piece = pieceAt(layout, offset);
        expect(piece.startBytes).toBeLessThanOrEqual(offset);
        expect(piece.endBytes).toBeGreaterThan(offset);
        expect(pieceByIndex(layout, piece.index)).toEqual(piece);
      }),
    );
  });

  it("refuses an offset outside the blob", () => {
    expect(() => pieceAt(fillLayout(10, CHUNK), 10)).toThrow(RangeError);
    expect(() => pieceAt(fillLayout(10, CHUNK), -1)).toThrow(RangeError);
    expect(() => pieceByIndex(fillLayout(10, CHUNK), 1)).toThrow(RangeError);
  });
});

describe("appendPiece()", () => {
  it("makes runs of equal neighbours, and leaves the layout that it was given alone", () => {
    const before = [{ count: 2, bytes: 7 }];
    expect(appendPiece(before, 7)).toEqual([{ count: 3, bytes: 7 }]);
    expect(appendPiece(before, 8)).toEqual([
      { count: 2, bytes: 7 },
      { count: 1, bytes: 8 },
    ]);
    expect(appendPiece([], 1)).toEqual([{ count: 1, bytes: 1 }]);
    expect(before).toEqual([{ count: 2, bytes: 7 }]);
  });

  it("passes over names by pieces of nothing, which no offset is ever in", () => {
    const layout = [5, 0, 0, 3].reduce<ReturnType<typeof appendPiece>>(appendPiece, []);
    expect(pieceCount(layout)).toBe(4);
    expect(layoutBytes(layout)).toBe(8);
    expect([4, 5, 7].map((offset) => pieceAt(layout, offset).index)).toEqual([0, 3, 3]);
    expect([0, 1, 2, 3].map((index) => pieceByIndex(layout, index).startBytes)).toEqual([0, 5, 5, 5]);
  });
});
