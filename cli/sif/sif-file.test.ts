import { open, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectedSamples, readSample } from "../../test/support/sif-samples.ts";
import { makeSif } from "../../test/support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../../test/support/temp-dir.ts";
import { readSifMetadata } from "./sif-file.js";

let directory: string;
let count = 0;

beforeAll(async () => {
  directory = await makeTempDir();
});

afterAll(() => removeTempDir(directory));

async function metadataOf(bytes: Uint8Array): Promise<string | undefined> {
  const file = path.join(directory, `${count++}.sif`);
  await writeFile(file, bytes);
  const handle = await open(file);
  try {
    return await readSifMetadata(handle, bytes.length, "x.sif");
  } finally {
    await handle.close();
  }
}

/** An image with some of its bytes changed. */
function damaged(change: (view: DataView) => void): Uint8Array {
  const { bytes } = makeSif();
  const copy = new Uint8Array(bytes);
  change(new DataView(copy.buffer));
  return copy;
}

describe("readSifMetadata()", () => {
  test.each(expectedSamples().map(({ file }) => file))("takes the sample %s for a SIF", async (file) => {
    await expect(metadataOf(readSample(file))).resolves.toBeUndefined();
  });

  test("finds what the builder wrote", async () => {
    const text = await metadataOf(makeSif({ labels: { a: "b" } }).bytes);
    expect(JSON.parse(text ?? "")).toMatchObject({ data: { attributes: { labels: { a: "b" } } } });
  });

  test.each([
    ["is too short", new Uint8Array(100), "too short"],
    ["has no magic", new Uint8Array(4000), "does not begin"],
    ["has another version", damaged((view) => view.setUint8(43, 0x32)), "does not begin"],
    ["counts too many objects", damaged((view) => view.setBigInt64(88, 1n << 60n, true)), "objects"],
    ["counts less than none", damaged((view) => view.setBigInt64(88, -1n, true)), "objects"],
    ["has its table elsewhere", damaged((view) => view.setBigInt64(96, 1n << 40n, true)), "table"],
    ["has an object before its start", damaged((view) => view.setBigInt64(4096 + 17, -5n, true)), "cut off"],
    ["was cut", makeSif().bytes.subarray(0, 60_000), "cut off"],
    ["has huge metadata", damaged((view) => view.setBigInt64(4096 + 585 + 25, 1n << 62n, true)), "cut off"],
  ])("refuses a file that %s", async (_, bytes, words) => {
    await expect(metadataOf(bytes)).rejects.toThrow(words);
    await expect(metadataOf(bytes)).rejects.toMatchObject({ kind: "not-a-sif" });
  });
});
