import path from "node:path";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256File } from "./sha256.ts";
import { makeSif, writeSif } from "./sif-fixture.ts";
import { makeTempDir, removeTempDir } from "./temp-dir.ts";

test("an image has the size that was asked for", () => {
  for (const sizeBytes of [40_000, 65_536, 3_000_001])
    expect(makeSif({ sizeBytes }).bytes).toHaveLength(sizeBytes);
});

test("an image is laid out as the samples are", () => {
  const sample = readFileSync(path.join(import.meta.dirname, "../samples/one-group.sif"));
  const made = Buffer.from(makeSif({ arch: "386", createdSeconds: -62_135_596_800 }).bytes);
  expect(made.subarray(32, 48)).toEqual(sample.subarray(32, 48));
  expect(made.subarray(64, 80)).toEqual(sample.subarray(64, 80));
  expect(made.subarray(88, 120)).toEqual(sample.subarray(88, 120));
});

test("the same options make the same bytes, another seed others", () => {
  expect(makeSif({ seed: 7 }).digest).toBe(makeSif({ seed: 7 }).digest);
  expect(makeSif({ seed: 8 }).digest).not.toBe(makeSif({ seed: 7 }).digest);
});

test("an image on disk is the one in memory", async () => {
  const directory = await makeTempDir();
  const options = { sizeBytes: 5_000_000, labels: { "org.opencontainers.image.version": "2" } };
  const written = await writeSif(path.join(directory, "image.sif"), options);
  expect(written.digest).toBe(makeSif(options).digest);
  expect(await sha256File(written.path)).toBe(written.digest);
  await removeTempDir(directory);
});

test("a size too small for the metadata is refused", () => {
  expect(() => makeSif({ sizeBytes: 1000 })).toThrow(RangeError);
});
