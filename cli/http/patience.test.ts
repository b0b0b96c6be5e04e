import { describe, expect, test } from "vitest";
import { CliError } from "../failure.js";
import { Patience, parseRetryAfter } from "./patience.js";

const NOW = Date.parse("2026-01-01T00:00:00Z");

describe("parseRetryAfter()", () => {
  test.each([
    ["0", 0],
    ["120", 120],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    [undefined, undefined],
  ])("reads %j as %j s", (header, expected) => {
    expect(parseRetryAfter(header, NOW)).toBe(expected);
  });
});

describe("Patience", () => {
  function make(attempts: number) {
    const notes: string[] = [];
    const { signal } = new AbortController();
    return { notes, patience: new Patience({ attempts, signal, note: (text) => notes.push(text) }) };
  }

  test("has none for what another attempt does not mend", async () => {
    const { patience, notes } = make(5);
    const error = new CliError("denied", "Cannot");
    await expect(patience.failed(error)).rejects.toBe(error);
    await expect(patience.failed(new TypeError("defect"))).rejects.toThrow("defect");
    expect(notes).toEqual([]);
  });

  test("ends after so many failures in a row, and begins to count again after progress", async () => {
    const { patience, notes } = make(2);
    const error = new CliError("unavailable", "Cannot");
    await patience.failed(error);
    patience.progressed();
    await patience.failed(error);
    await expect(patience.failed(error)).rejects.toBe(error);
    expect(notes).toEqual(Array(2).fill("Cannot; trying again in 1 s (1 of 2)"));
  });

  test("does not wait on when it is stopped", async () => {
    const stop = new AbortController();
    const patience = new Patience({ attempts: 9, signal: stop.signal, note: () => stop.abort() });
    const error = new CliError("unavailable", "Cannot", { retryAfterSeconds: 200 });
    await expect(patience.failed(error)).rejects.toThrow("abort");
  });
});
