import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { type BoardRecord, FillBoard, type FillBoardOptions } from "./fill-board.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function digest(letter: string): Digest {
  return parseDigest(`sha256:${letter.repeat(64)}`);
}

const fill = (letter: string) => ({ digest: digest(letter), sizeBytes: 100, repository: "lab/team/tool" });

function board(options: Partial<FillBoardOptions> = {}) {
  let stored: BoardRecord | undefined;
  const make = () =>
    new FillBoard({
      load: () => stored,
      save: (record) => (stored = structuredClone(record)),
      now: Date.now,
      maxFills: undefined,
      maxQueued: 2,
      ...options,
    });
  return { board: make(), again: make };
}

const letters = (record: BoardRecord, running: boolean) =>
  record.fills.filter((entry) => entry.running === running).map((entry) => entry.digest.at(-1));

describe("FillBoard", () => {
  it("lets any number run where there is no limit", () => {
    const { board: it } = board();
    for (const letter of "abcdef") it.admit(fill(letter));
    expect(letters(it.read(), true).join("")).toBe("abcdef");
  });

  it("gives turns in the order of coming, and to nobody twice", async () => {
    const { board: it } = board({ maxFills: 1 });
    const turns: string[] = [];
    for (const letter of "abc")
      void it.turn(fill(letter)).then((may) => turns.push(`${letter} ${String(may)}`));
    it.admit(fill("b"));
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toEqual(["a true"]);
    expect(letters(it.read(), false)).toEqual(["b", "c"]);
    it.end(fill("a"));
    await vi.advanceTimersByTimeAsync(0);
    it.end(fill("b"));
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toEqual(["a true", "b true", "c true"]);
  });

  it("tells one that waits long to ask again, and keeps its place", async () => {
    const { board: it } = board({ maxFills: 1 });
    it.admit(fill("a"));
    const turn = it.turn(fill("b"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await turn).toBe(false);
    expect(letters(it.read(), false)).toEqual(["b"]);
  });

  it("refuses a new fill where too many wait, but none that is known", () => {
    const { board: it } = board({ maxFills: 1, maxQueued: 1 });
    it.admit(fill("a"));
    it.admit(fill("b"));
    expect(() => it.admit(fill("c"))).toThrow(
      expect.objectContaining({ code: "overloaded", retryAfterSeconds: 30 }) as Error,
    );
    it.admit(fill("a"));
    it.admit(fill("b"));
    it.end(fill("a"));
    it.admit(fill("c"));
    expect(letters(it.read(), true)).toEqual(["b"]);
  });

  it("forgets whoever is silent, and gives the turn to the next", async () => {
    const { board: it } = board({ maxFills: 1 });
    it.admit(fill("a"));
    it.admit(fill("b"));
    await vi.advanceTimersByTimeAsync(60_000);
    it.admit(fill("b"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(letters(it.read(), true)).toEqual(["b"]);
  });

  it("remembers the last failures, over a restart too", () => {
    const { board: it, again } = board();
    const failure = { code: "upstream-timeout", message: "Cannot fetch" } as const;
    for (const letter of "0123456789abcdef01234567") it.end(fill(letter), failure);
    it.end(fill("c"));
    expect(again().read()).toEqual(it.read());
    const { failures } = it.read();
    expect(failures).toHaveLength(20);
    expect(failures[0]).toMatchObject({ digest: digest("7"), failure, repository: "lab/team/tool" });
  });
});
