import { expect, test } from "vitest";
import { describeFill, formatBytes, formatCount, formatDuration, formatTime } from "./format.js";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [1_048_575, "1.00 MiB"],
  [10 * 1024 * 1024, "10.0 MiB"],
  [999 * 1024 * 1024, "999 MiB"],
  [1023.9 * 1024 * 1024, "1.00 GiB"],
  [35 * 1024 ** 3, "35.0 GiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("thousands are set apart", () => {
  expect(formatCount(1_234_567)).toBe("1\u202F234\u202F567");
  expect(formatCount(999)).toBe("999");
});

test("a time loses its zone by becoming UTC", () => {
  expect(formatTime("2026-03-14T10:26:53+01:00")).toBe("2026-03-14 09:26 UTC");
});

test.each([null, undefined, "", "<b>soon</b>"])("%s is no time", (time) => {
  expect(formatTime(time)).toBeUndefined();
});

test.each([
  [0.2, "1 s"],
  [59, "59 s"],
  [61, "1 min 1 s"],
  [7325, "2 h 2 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("a fill tells its rate and the time that is left", () => {
  const cache = {
    size: 100 * 1024,
    stored: 50 * 1024,
    bytesPerSecond: 10 * 1024,
    committedAt: null,
    detail: null,
  };
  expect(describeFill({ ...cache, state: "filling" }, "lab")).toBe(
    "Fetching from lab: 50.0 KiB of 100 KiB · 10.0 KiB/s · 5 s left",
  );
  expect(describeFill({ ...cache, state: "filling", stored: cache.size }, "lab")).toBe(
    "Fetched from lab. Checking the digest…",
  );
});
