/** The service writes the manifest of what is published under `/v1`, the client that of what it pushes: the same one. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { sifManifest } from "../../src/oci/sif-manifest.ts";
import { createdAnnotation } from "../../src/sif/created.ts";
import { readSif } from "../../src/sif/reader.ts";
import { buildSif, memorySource } from "../../test/support/sif-builder.ts";
import { createdTime } from "../sif/created.js";
import { makeManifest } from "./manifest.js";

const LABEL = "org.opencontainers.image.created";
const NOW = new Date("2026-01-02T03:04:05.678Z");
const INSPECT_METADATA = { type: 0x4006, name: "inspect-metadata.json" };

const digests = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes): Digest => parseDigest(`sha256:${Buffer.from(bytes).toString("hex")}`));
/** Go's escapes, control characters, digits that JavaScript sorts first, and what lies beyond the basic plane. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom("<", ">", "&", '"', "\\", "\u2028", "\u2029", "\u0000", "\b", "\n", "\u007F", "0", "9"),
    fc.string({ unit: "binary" }),
  ),
});

describe("the client and the service", () => {
  test("write the same manifest", () => {
    const names = texts.filter((name) => name !== "");
    const image = fc.record({
      digest: digests,
      sizeBytes: fc.nat(),
      filename: texts,
      annotations: fc.dictionary(names, texts),
    });
    fc.assert(
      fc.property(image, ({ digest, sizeBytes, filename, annotations }) => {
        const ours = makeManifest({ digest, sizeBytes, filename, annotations, created: undefined });
        const theirs = sifManifest({
          digest,
          sizeBytes,
          title: filename,
          annotations: new Map(Object.entries(annotations)),
        });
        expect(ours.text).toBe(new TextDecoder().decode(theirs));
      }),
    );
  });

  test.each([
    "2024-02-29T12:00:00Z",
    "2024-02-29T12:00:00.999999999+02:00",
    "2024-02-29T12:00:00,5Z",
    "2024-02-30T12:00:00Z",
    "2024-04-31T12:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T23:59:60Z",
    "2024-01-01T00:00:00+24:00",
    "0000-01-01T00:00:00+02:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-10:00",
    "2024-01-01t00:00:00z",
    "",
    5,
    null,
  ])("agree on when an image labelled %j was made", async (label) => {
    await expectSameTime(JSON.stringify({ data: { attributes: { labels: { [LABEL]: label } } } }));
  });

  test.each([undefined, "", "{", "null", "[]", "{}", '{"data":{"attributes":{"labels":{}}}}'])(
    "agree on when an image with the metadata %j was made",
    async (metadata) => {
      await expectSameTime(metadata);
    },
  );
});

async function expectSameTime(metadata: string | undefined): Promise<void> {
  const objects = metadata === undefined ? [] : [{ ...INSPECT_METADATA, content: metadata }];
  const file = await readSif(memorySource(buildSif(objects)));
  expect(createdAnnotation(file, NOW.getTime())).toBe(createdTime(metadata, NOW));
}
