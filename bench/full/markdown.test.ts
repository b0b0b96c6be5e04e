import { expect, test } from "vitest";
import { cellText, markdownOf, ratioText, readable } from "./markdown.ts";
import { SAMPLE_REPORT } from "./sample-report.ts";

test("figures have three digits, or all in front of the point", () => {
  expect([0, 0.01234, 9.876, 99.96, 12345.6].map(readable)).toEqual(["0", "0.0123", "9.88", "100", "12346"]);
  expect([1, 12.34, 123.4].map(ratioText)).toEqual(["1.00x", "12.3x", "123x"]);
});

test("a cell tells its middle, its range where there is one, and its ratio", () => {
  expect(cellText({ values: [5, 7, 6] }, 2)).toBe("6.00 (5.00 to 7.00), 2.00x");
  expect(cellText({ values: [5] }, undefined)).toBe("5.00");
  expect(cellText({ cannot: "status 500" }, undefined)).toBe("no: status 500");
  expect(cellText(undefined, undefined)).toBe("not measured");
});

test("a report has a line for each row, with floors and peers", () => {
  const lines = markdownOf(SAMPLE_REPORT).split("\n");
  expect(lines).toContain("| what | floor | sif-edge | nginx |");
  expect(lines).toContain(
    "| cold: first byte, ms (lower is better) | 3.00 (2.00 to 4.00) | 6.00 (5.00 to 7.50), 2.00x | no: answers \\| with the whole |",
  );
  expect(lines).toContain("- the upstream itself: cold: first byte");
});

test("a report says what was left out and why, and how to repeat it", () => {
  const text = markdownOf(SAMPLE_REPORT);
  expect(text).toContain("- **other**: left out: other is not installed (apt-get install other)");
  expect(text).toContain("2026-01-02T03:04:05.000Z, `npm run bench -- --full`, 62 s");
  for (const line of [
    "| CPU | a fast one |",
    "| node | v24.0.0 |",
    "| seed | 7 |",
    "| blob size | 1024 bytes |",
  ])
    expect(text).toContain(line);
});
