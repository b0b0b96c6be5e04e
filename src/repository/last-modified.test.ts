import { describe, expect, it } from "vitest";
import { lastModified } from "./last-modified.ts";

const FIRST_NAMED = Date.parse("2026-05-01T10:00:00.750Z");
const FIRST_NAMED_SECOND = Date.parse("2026-05-01T10:00:00Z");
const created = (value: string) => ({ "org.opencontainers.image.created": value });

describe("lastModified", () => {
  it("takes the first annotation that tells a time", () => {
    const annotations = [
      undefined,
      created("2025-01-02T03:04:05.678+01:00"),
      created("2024-01-01T00:00:00Z"),
    ];
    expect(lastModified(annotations, FIRST_NAMED)).toBe(Date.parse("2025-01-02T02:04:05Z"));
  });

  it.each([
    "yesterday",
    "2025-01-02",
    "2025-13-45T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "2030-01-01T00:00:00Z",
    "",
  ])("does not believe %j", (value) =>
    expect(lastModified([created(value)], FIRST_NAMED)).toBe(FIRST_NAMED_SECOND),
  );

  it("is the time of the first naming where no annotation tells", () => {
    expect(lastModified([{}, undefined], FIRST_NAMED)).toBe(FIRST_NAMED_SECOND);
  });
});
