import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress, type ProgressStyle, progressStyle } from "./progress.js";

const MIB = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** What is written while 30 MiB go by at 1 MiB/s, with a note in the middle. */
function shown(style: ProgressStyle): string {
  let written = "";
  const stream = { columns: 80, write: (text: string) => (written += text) };
  const progress = new Progress(stream as unknown as NodeJS.WriteStream, style);
  const transfer = progress.begin("Pulling x.sif", 30 * MIB);
  for (let tenth = 1; tenth <= 300; tenth += 1) {
    vi.advanceTimersByTime(100);
    transfer.advance(MIB / 10);
    if (tenth === 150) progress.note("Half of it");
  }
  transfer.end();
  return written;
}

describe("Progress", () => {
  test("writes a line now and then where there is no terminal", () => {
    expect(shown("lines")).toMatchInlineSnapshot(`
      "Pulling x.sif: 32 %, 9.9 MiB of 30.0 MiB, 1003.1 KiB/s, 0:21 left
      Half of it
      Pulling x.sif: 66 %, 19.9 MiB of 30.0 MiB, 1003.5 KiB/s, 0:10 left
      Pulling x.sif: 99 %, 29.9 MiB of 30.0 MiB, 1002.7 KiB/s, 0:00 left
      Pulling x.sif: 100 %, 30.0 MiB of 30.0 MiB, 1.0 MiB/s
      "
    `);
  });

  test("draws one line over and over on a terminal, and leaves notes above it", () => {
    const lines = shown("bar").split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]?.endsWith("\r\u001B[KHalf of it")).toBe(true);
    expect(lines[1]).toMatch(/100 %  30\.0 MiB of 30\.0 MiB  1\.0 MiB\/s$/);
    expect(lines[2]).toBe("");
  });

  test("writes nothing when asked to be quiet", () => {
    expect(shown("quiet")).toBe("");
  });

  test("shows a stall", () => {
    let written = "";
    const stream = { columns: 100, write: (text: string) => (written = text) };
    const transfer = new Progress(stream as unknown as NodeJS.WriteStream, "bar").begin("Pulling x", 9 * MIB);
    transfer.advance(MIB);
    vi.advanceTimersByTime(10_000);
    expect(written).toContain("stalled");
    transfer.end();
  });

  test("counts what an earlier run did as done, but not as fast", () => {
    let written = "";
    const stream = { columns: 100, write: (text: string) => (written = text) };
    const transfer = new Progress(stream as unknown as NodeJS.WriteStream, "bar").begin(
      "Pulling x",
      30 * MIB,
    );
    transfer.reach(20 * MIB);
    for (let tenth = 1; tenth <= 50; tenth += 1) {
      vi.advanceTimersByTime(100);
      transfer.advance(MIB / 10);
    }
    expect(written).toMatch(/ 83 %  24\.9 MiB of 30\.0 MiB  1003\.5 KiB\/s  0:05 left$/);
    transfer.end();
  });
});

test.each([
  [true, false, undefined, "bar"],
  [true, false, "dumb", "lines"],
  [true, true, undefined, "quiet"],
  [undefined, false, undefined, "lines"],
] as const)("progress on a stream with isTTY %j, quiet %j and TERM %j is %s", (isTTY, quiet, term, style) => {
  expect(progressStyle({ isTTY }, { quiet, env: { TERM: term } })).toBe(style);
});
