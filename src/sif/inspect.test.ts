import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { buildSif, memorySource, partitionExtra } from "../../test/support/sif-builder.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { inspectSif, MAX_PROBLEMS, uncoveredObjects, type SifReport } from "./inspect.ts";
import type { HashRanges } from "./range-hasher.ts";
import { readSif } from "./reader.ts";

function hasherOf(file: Uint8Array): HashRanges {
  return (ranges, algorithm) => {
    const hash = createHash(algorithm);
    for (const { startBytes, endBytes } of ranges) hash.update(file.subarray(startBytes, endBytes));
    return Promise.resolve(hash.digest("hex"));
  };
}

async function inspect(bytes: Uint8Array, hash?: HashRanges): Promise<SifReport> {
  const file = await readSif(memorySource(bytes));
  return hash === undefined ? inspectSif(file) : inspectSif(file, hash);
}

const CONFIG = { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] };

test("an image as Apptainer builds it is described in full", async () => {
  const attributes = { labels: { maintainer: "<script>" }, runscript: "exec sh" };
  const bytes = buildSif(
    [
      { type: 0x4001, content: "Bootstrap: docker\n" },
      { type: 0x4006, name: "oci-config.json", content: JSON.stringify(CONFIG) },
      { type: 0x4006, name: "inspect-metadata.json", content: JSON.stringify({ data: { attributes } }) },
      { type: 0x4004, content: "hsqs", extra: partitionExtra(1, 2, "02"), gapBytes: 12 },
    ],
    { architecture: "02" },
  );
  const report = await inspect(bytes);
  expect(report).toMatchObject({
    size: bytes.length,
    image: { kind: "native", architecture: "amd64", platforms: [] },
    header: { launch: "", version: "01", created: "2020-09-13T12:26:40Z", modified: "2020-09-13T12:26:41Z" },
    metadata: { labels: { maintainer: "<script>" }, definition: "Bootstrap: docker\n", runscript: "exec sh" },
    oci: { config: CONFIG },
    signatures: [],
    problems: [],
  });
  expect(report.objects[3]).toEqual({
    slot: 3,
    id: 4,
    type: "Partition",
    dataType: 0x4004,
    name: "",
    group: 1,
    link: null,
    offset: bytes.length - 4,
    size: 4,
    sizeWithPadding: 16,
    created: null,
    modified: null,
    uid: 0,
    gid: 0,
    partition: { fileSystem: "Squashfs", type: "PrimSys", architecture: "amd64" },
  });
});

test("signatures are told, and whether their digests match where the file can be read", async () => {
  const bytes = readSample("one-group-signed-pgp.sif");
  const signature = {
    objectId: 3,
    format: "pgp",
    hash: "SHA256",
    fingerprint: "12045c8c0b1004d058de4beda20c27ee7ff7ba84",
    keyIds: [],
    covers: [1, 2],
  };
  expect((await inspect(bytes, hasherOf(bytes))).signatures).toEqual([{ ...signature, digestsMatch: true }]);
  expect((await inspect(bytes)).signatures).toEqual([{ ...signature, digestsMatch: null }]);
});

test("objects that no signature covers are found", async () => {
  const signed = await inspect(readSample("one-group-signed-legacy.sif"));
  expect(uncoveredObjects(signed.objects, signed.signatures)).toEqual([1]);
  const whole = await inspect(readSample("one-group-signed-pgp.sif"));
  expect(uncoveredObjects(whole.objects, whole.signatures)).toEqual([]);
});

test("nothing in the document is of the wrong kind for JSON", async () => {
  const report = await inspect(readSample("one-group-signed-dsse.sif"));
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test.each([
  ["not JSON", "{"],
  ["nested too deep to be written again", `{"a":${"[".repeat(70)}${"]".repeat(70)}}`],
  ["not an object", "[]"],
])("an OCI configuration that is %s is a problem and not told", async (_, content) => {
  const report = await inspect(buildSif([{ type: 0x4006, name: "oci-config.json", content }]));
  expect(report.oci.config).toBeNull();
  expect(report.problems).toMatchObject([
    { objectId: 1, message: expect.stringContaining("oci-config.json is") },
  ]);
});

test("thousands of problems are told up to a bounded number", async () => {
  const objects = Array.from({ length: 4096 }, () => ({ type: 0x4007, link: 5000 }));
  expect((await inspect(buildSif(objects))).problems).toHaveLength(MAX_PROBLEMS);
});

test("a metadata document of 4 MiB in one label is told whole", async () => {
  const label = "x".repeat(4_000_000);
  const content = JSON.stringify({ data: { attributes: { labels: { label } } } });
  const report = await inspect(buildSif([{ type: 0x4006, name: "inspect-metadata.json", content }]));
  expect(report.metadata.labels["label"]).toHaveLength(4_000_000);
});
