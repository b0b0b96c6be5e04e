import { describe, expect, test } from "vitest";
import { createdTime } from "./created.js";

const NOW = new Date("2026-01-02T03:04:05.678Z");

function metadata(label: unknown): string {
  return JSON.stringify({ data: { attributes: { labels: { "org.opencontainers.image.created": label } } } });
}

describe("createdTime()", () => {
  test("is now for an image without metadata", () => {
    expect(createdTime(undefined, NOW)).toBe("2026-01-02T03:04:05Z");
  });

  test.each([
    ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"],
    ["2024-02-29T12:00:00.999999999Z", "2024-02-29T12:00:00Z"],
    ["2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z"],
    ["2023-12-31T22:30:00-05:30", "2024-01-01T04:00:00Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
  ])("has %s as %s", (label, expected) => {
    expect(createdTime(metadata(label), NOW)).toBe(expected);
  });

  test.each([
    "",
    "yesterday",
    "2024-02-30T12:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01",
    5,
  ])("is nothing for the label %j", (label) => {
    expect(createdTime(metadata(label), NOW)).toBeUndefined();
  });

  test.each(["", "{}", "null", "[]", '{"data":{"attributes":{"labels":{}}}}', "{"])(
    "is nothing for the metadata %j",
    (text) => {
      expect(createdTime(text, NOW)).toBeUndefined();
    },
  );
});
