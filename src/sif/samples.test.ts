import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { memorySource } from "../../test/support/sif-builder.ts";
import { expectedSamples, readSample, type ExpectedObject } from "../../test/support/sif-samples.ts";
import { inspectSif } from "./inspect.ts";
import { readSif } from "./reader.ts";

function rfc3339(unixSeconds: number): string | null {
  return unixSeconds > 0 ? new Date(unixSeconds * 1000).toISOString().replace(".000", "") : null;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An expected object in the words of the document. */
function inOurWords(object: ExpectedObject): Record<string, unknown> {
  const { slot, id, offset, size, sizeWithPadding, name, uid, gid, linkedId, linkedIsGroup } = object;
  return {
    slot,
    id,
    offset,
    size,
    sizeWithPadding,
    name,
    uid,
    gid,
    type: object.dataType,
    group: object.groupId === 0 ? null : object.groupId,
    link: linkedId === 0 ? null : { kind: linkedIsGroup ? "group" : "object", id: linkedId },
    ...(object.fsType === undefined
      ? {}
      : { partition: { fileSystem: object.fsType, type: object.partType, architecture: object.arch } }),
    ...(object.hashType === undefined
      ? {}
      : { signature: { hash: object.hashType, fingerprint: object.fingerprint ?? null } }),
    ...(object.sbomFormat === undefined ? {} : { sbom: { format: object.sbomFormat } }),
  };
}

const samples = expectedSamples();

test("there are samples", () => {
  expect(samples.length).toBeGreaterThanOrEqual(8);
});

test.each(samples.map((expected) => [expected.file, expected] as const))(
  "everything the reference library says of %s is told",
  async (name, expected) => {
    const bytes = readSample(name);
    expect(sha256(bytes)).toBe(expected.sha256);
    const report = await inspectSif(await readSif(memorySource(bytes)));
    expect(report.size).toBe(expected.size);
    expect(report.image.architecture).toBe(expected.primaryArch);
    expect(report.header).toEqual({
      launch: expected.launchScript,
      version: expected.version,
      architecture: expected.primaryArch,
      id: expected.id,
      created: rfc3339(expected.createdAtUnix),
      modified: rfc3339(expected.modifiedAtUnix),
      descriptorsFree: expected.descriptorsFree,
      descriptorsTotal: expected.descriptorsTotal,
      descriptorsOffset: expected.descriptorsOffset,
      descriptorsSize: expected.descriptorsSize,
      dataOffset: expected.dataOffset,
      dataSize: expected.dataSize,
    });
    expect(report.header.created).toBe(expected.createdAt);
    expect(report.objects).toHaveLength(expected.descriptors.length);
    for (const [index, object] of expected.descriptors.entries()) {
      const { dataType: _, created: _created, modified: _modified, ...told } = report.objects[index] ?? {};
      expect(told).toEqual(inOurWords(object));
      expect(sha256(bytes.subarray(object.offset, object.offset + object.size))).toBe(object.dataSha256);
    }
    expect(report.problems).toEqual([]);
  },
);
