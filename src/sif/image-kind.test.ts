import { expect, test } from "vitest";
import { buildSif, memorySource, partitionExtra, type ObjectSpec } from "../../test/support/sif-builder.ts";
import { imageArchitecture } from "./image-architecture.ts";
import { imageKind } from "./image-kind.ts";
import { readSif } from "./reader.ts";

const SQUASHFS = 1;
const SYSTEM = 1;
const PRIMARY = 2;
const DATA = 3;
const OVERLAY = 4;

function partition(fileSystem: number, type: number, architecture = "02"): ObjectSpec {
  return { type: 0x4004, extra: partitionExtra(fileSystem, type, architecture) };
}

function rootIndex(...architectures: string[]): ObjectSpec {
  const manifests = architectures.map((architecture) => ({ platform: { os: "linux", architecture } }));
  return { type: 0x400a, content: JSON.stringify({ manifests }) };
}

test.each([
  ["native", [partition(SQUASHFS, PRIMARY)]],
  [
    "native",
    [partition(SQUASHFS, DATA), partition(4, SYSTEM), partition(SQUASHFS, PRIMARY), partition(2, OVERLAY)],
  ],
  ["encrypted", [partition(5, PRIMARY)]],
  ["encrypted", [partition(6, PRIMARY)]],
  ["native", [partition(5, DATA), partition(SQUASHFS, PRIMARY)]],
  ["data", [partition(SQUASHFS, DATA)]],
  ["data", [partition(5, DATA)]],
  ["oci-sif", [rootIndex(), partition(SQUASHFS, PRIMARY)]],
  ["other", []],
  ["other", [partition(SQUASHFS, SYSTEM)]],
  ["other", [{ type: 0x400b, content: "{}" }]],
] as const)("an image is told to be %s", async (kind, objects) => {
  const file = await readSif(memorySource(buildSif(objects)));
  expect(imageKind(file.objects)).toBe(kind);
});

test.each([
  ["the header's", "arm64", "04", []],
  ["the header's, not that of an index", "s390x", "11", [rootIndex("amd64")]],
  ["that of an OCI-SIF's only platform", "riscv64", "00", [rootIndex("riscv64", "riscv64")]],
  ["unknown for an OCI-SIF of several", "unknown", "00", [rootIndex("amd64", "arm64")]],
  [
    "unknown, not a partition's, where the header tells none",
    "unknown",
    "00",
    [partition(SQUASHFS, DATA, "02")],
  ],
])("the architecture is %s", async (_, expected, architecture, objects) => {
  const file = await readSif(memorySource(buildSif(objects, { architecture })));
  expect(imageArchitecture(file)).toBe(expected);
});
