import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { buildSif, memorySource, type ObjectSpec } from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { describeOciImage, type OciImage } from "./oci-image.ts";
import { readSif } from "./reader.ts";

const MIB = 1024 * 1024;

interface Blob {
  readonly digest: string;
  readonly object: ObjectSpec;
}

function blob(value: unknown, type = 0x400b): Blob {
  const content = JSON.stringify(value);
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  return { digest, object: { type, content, extra: digest } };
}

function layer(sizeBytes: number): ObjectSpec {
  return { type: 0x400b, content: new Uint8Array(sizeBytes), extra: `sha256:${"0".repeat(64)}` };
}

function rootIndex(manifests: unknown): Blob {
  return blob({ schemaVersion: 2, manifests }, 0x400a);
}

async function describeFile(objects: readonly ObjectSpec[]): Promise<OciImage & { reads: number }> {
  const source = memorySource(buildSif(objects));
  const file = await readSif(source);
  return { ...describeOciImage(file.objects, file.contents), reads: source.reads.length };
}

test("index, manifest and configuration are followed to the platform, past a layer of any size", async () => {
  const config = blob({ architecture: "arm64", os: "linux", variant: "v8", config: { Cmd: ["/bin/sh"] } });
  const manifest = blob({ schemaVersion: 2, config: { digest: config.digest }, layers: [] });
  const root = rootIndex([{ digest: manifest.digest }]);
  const image = await describeFile([layer(5 * MIB), root.object, manifest.object, config.object]);
  expect(image.platforms).toEqual([{ os: "linux", architecture: "arm64", variant: "v8" }]);
  expect(image.config).toMatchObject({ config: { Cmd: ["/bin/sh"] } });
  expect(image.problems).toEqual([]);
  expect(image.reads).toBeLessThanOrEqual(4);
});

test("without the manifests in the file the index's own platforms are told", async () => {
  const source = memorySource(readSample("others/one-object-oci-root-index.sif"));
  const file = await readSif(source);
  expect(describeOciImage(file.objects, file.contents)).toEqual({
    platforms: [
      { os: "linux", architecture: "amd64", variant: null },
      { os: "linux", architecture: "arm64", variant: null },
    ],
    config: null,
    problems: [
      {
        objectId: 1,
        message: "Manifest 0 of the OCI root index, or its configuration, is missing or damaged",
      },
      {
        objectId: 1,
        message: "Manifest 1 of the OCI root index, or its configuration, is missing or damaged",
      },
    ],
  });
});

test("a file without a root index has no OCI image, whatever blobs it has", async () => {
  const config = blob({ architecture: "amd64", os: "linux" });
  expect(await describeFile([config.object])).toMatchObject({ platforms: [], config: null, problems: [] });
});

test.each([
  ["not JSON", "not json"],
  ["an array", "[]"],
])("a root index that is %s is reported", async (_, content) => {
  const image = await describeFile([{ type: 0x400a, content }]);
  expect(image.problems).toEqual([{ objectId: 1, message: "OCI root index is not a JSON object" }]);
});

test.each([
  ["nothing", undefined],
  ["text", "manifests"],
  ["numbers", [1, null, []]],
  ["a manifest of no digest", [{ digest: 7 }]],
  ["itself", [{ digest: "sha256:self" }]],
])("a root index that names %s is told of as far as it goes", async (_, manifests) => {
  expect(await describeFile([rootIndex(manifests).object])).toMatchObject({ platforms: [], config: null });
});

test("a manifest that names itself as configuration ends there, and is read once", async () => {
  const digest = `sha256:${"5".repeat(64)}`;
  const manifest = { type: 0x400b, content: JSON.stringify({ config: { digest } }), extra: digest };
  const image = await describeFile([rootIndex([{ digest }]).object, layer(MIB), manifest]);
  expect(image).toMatchObject({ platforms: [], config: { config: { digest } }, reads: 2 });
});

test("of thousands of manifests eight are looked at", async () => {
  const config = blob({ architecture: "amd64", os: "linux" });
  const manifest = blob({ config: { digest: config.digest } });
  const root = rootIndex(Array.from({ length: 5000 }, () => ({ digest: manifest.digest })));
  const image = await describeFile([root.object, manifest.object, config.object]);
  expect(image.platforms).toHaveLength(8);
});
