import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { expectedHeader, expectedObject } from "../../test/support/expected-report.ts";
import { memorySource } from "../../test/support/sif-builder.ts";
import { expectedSamples, readSample } from "../../test/support/sif-samples.ts";
import { inspectSif } from "./inspect.ts";
import { readSif } from "./reader.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
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
    expect(report.header).toEqual(expectedHeader(expected));
    expect(report.header.created).toBe(expected.createdAt);
    expect(report.objects).toHaveLength(expected.descriptors.length);
    for (const [index, object] of expected.descriptors.entries()) {
      const { dataType: _, created: _created, modified: _modified, ...told } = report.objects[index] ?? {};
      expect(told).toEqual(expectedObject(object));
      expect(sha256(bytes.subarray(object.offset, object.offset + object.size))).toBe(object.dataSha256);
    }
    expect(report.problems).toEqual([]);
  },
);
