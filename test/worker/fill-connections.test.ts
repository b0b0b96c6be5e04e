import { afterEach, describe, expect, it, vi } from "vitest";
import { Fill } from "../../src/blob/fill.ts";
import { Signal } from "../../src/blob/signal.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { fillLayout } from "../../src/store/layout.ts";
import type { PieceStore } from "../../src/store/piece-store.ts";

const MIB = 1024 * 1024;
const SIZE = 640 * MIB;
const ZEROS = new Uint8Array(MIB);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Writes so many zeros; tells of each step. */
function zeros(bytes: number, onStep: (bytes: number) => void): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(bytes);
  const write = async (): Promise<void> => {
    const writer = writable.getWriter();
    for (let left = bytes; left > 0; left -= MIB) {
      const step = ZEROS.subarray(0, Math.min(left, MIB));
      onStep(step.length);
      await writer.write(step);
    }
    await writer.close();
  };
  write().catch(() => {});
  return readable;
}

/**
 * Fills a blob of zeros, in a time that is counted by the bytes that come.
 * @param mibPerSecond what so many connections bring together
 * @returns how many were open while each MiB came
 */
async function fill(mibPerSecond: (connections: number) => number): Promise<number[]> {
  const seen: number[] = [];
  let nowMs = 0;
  let open = 0;
  vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  const layout = fillLayout(SIZE, 16 * MIB);
  const pieces: Pick<PieceStore, "put" | "get"> = {
    put: (_fillId, _index, body) => body.pipeTo(new WritableStream()),
    get: (_fillId, _index, _offset, length) => Promise.resolve(zeros(length, () => {})),
  };
  const digest = parseDigest(`sha256:${"0".repeat(64)}`);
  const run = new Fill({
    digest,
    sizeBytes: SIZE,
    fillId: "fill",
    layout,
    pieces: pieces as PieceStore,
    open: (startBytes, endBytes) => {
      open++;
      let left = endBytes - startBytes;
      const body = zeros(left, (bytes) => {
        nowMs += (1000 * bytes) / MIB / mibPerSecond(open);
        seen.push(open);
        left -= bytes;
        if (left === 0) open--;
      });
      return Promise.resolve({ body, startBytes, totalBytes: SIZE, ranged: true });
    },
    connections: 3,
    idleMs: 30_000,
    stored: [],
    changed: new Signal(),
  });
  // Of zeros it is another; here it is about how they came.
  expect(await run.run()).toBe(false);
  return seen;
}

describe("the connections of a fill", () => {
  it("are one in the end where they share what comes", async () => {
    const seen = await fill(() => 100);
    expect(Math.max(...seen)).toBe(3);
    expect(new Set(seen.slice(-100))).toEqual(new Set([1]));
  });

  it("stay where each brings its own", async () => {
    const seen = await fill((connections) => connections * 40);
    expect(Math.max(...seen)).toBe(3);
    expect(Math.max(...seen.slice(-200, -100))).toBe(3);
  });
});
