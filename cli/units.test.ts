import { describe, expect, test } from "vitest";
import { formatBytes, formatSeconds, parseCount, parseSeconds, parseSize } from "./units.js";

describe("units", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [5000 * 1024 ** 4, "5000.0 TiB"],
  ])("%d bytes are shown as %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test.each([
    [0, "0:00"],
    [7.4, "0:07"],
    [754, "12:34"],
    [3723, "1:02:03"],
  ])("%d seconds are shown as %s", (seconds, expected) => {
    expect(formatSeconds(seconds)).toBe(expected);
  });

  test.each([
    ["1", 1],
    ["64M", 64 * 1024 ** 2],
    ["64MiB", 64 * 1024 ** 2],
    ["8k", 8192],
    ["2G", 2 * 1024 ** 3],
  ])("%s is a size", (text, expected) => {
    expect(parseSize(text, "--part-size")).toBe(expected);
  });

  test.each(["", "0", "-1", "1.5M", "64T", "M", "1e6", "999999999999999G"])("%j is no size", (text) => {
    expect(() => parseSize(text, "--part-size")).toThrow(`Cannot use --part-size "${text}"`);
  });

  test.each([
    ["90", 90],
    ["90s", 90],
    ["5m", 300],
    ["12h", 43_200],
    ["7d", 604_800],
    ["2w", 1_209_600],
  ])("%s is a time", (text, expected) => {
    expect(parseSeconds(text, "--expires")).toBe(expected);
  });

  test.each(["", "0", "-1", "1y", "h", "1 h"])("%j is no time", (text) => {
    expect(() => parseSeconds(text, "--expires")).toThrow("--expires");
  });

  test.each(["0", "x", "1.5", ""])("%j is no count", (text) => {
    expect(() => parseCount(text, "--attempts")).toThrow("--attempts");
  });
});
