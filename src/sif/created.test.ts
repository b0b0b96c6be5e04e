import { describe, expect, it } from "vitest";
import { buildSif, memorySource } from "../../test/support/sif-builder.ts";
import { createdAnnotation } from "./created.ts";
import { readSif } from "./reader.ts";

const NOW = Date.parse("2026-11-05T10:20:30.456Z");

function metadata(labels: Record<string, string>): Parameters<typeof buildSif>[0][number] {
  const content = JSON.stringify({ data: { attributes: { labels } }, type: "container" });
  return { type: 0x4006, name: "inspect-metadata.json", content };
}

async function createdOf(objects: Parameters<typeof buildSif>[0]): Promise<string | undefined> {
  return createdAnnotation(await readSif(memorySource(buildSif(objects))), NOW);
}

describe("the created annotation", () => {
  it.each([
    ["2024-02-03T04:05:06Z", "2024-02-03T04:05:06Z"],
    ["2024-02-03T04:05:06.789+02:00", "2024-02-03T02:05:06Z"],
    ["2024-02-03", undefined],
    ["2024-13-03T04:05:06Z", undefined],
    ["2024-02-30T04:05:06Z", undefined],
    ["2024-02-03T24:00:00Z", undefined],
    ["9999-12-31T23:00:00-02:00", undefined],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
    ["yesterday", undefined],
  ])("of an image labelled %s is %s", async (label, expected) => {
    expect(await createdOf([metadata({ "org.opencontainers.image.created": label })])).toBe(expected);
  });

  it("is left out where the metadata has no such label", async () => {
    expect(await createdOf([metadata({ other: "label" })])).toBeUndefined();
  });

  it("is the time now for an image without metadata", async () => {
    expect(await createdOf([{ type: 0x4001, content: "Bootstrap: docker\n" }])).toBe("2026-11-05T10:20:30Z");
  });

  it("is the time now for an image of nothing", async () => {
    expect(await createdOf([])).toBe("2026-11-05T10:20:30Z");
  });
});
