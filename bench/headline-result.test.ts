import { expect, test } from "vitest";
import { assertRoom, headlineFaults, headlineText } from "./headline-result.ts";
import type { Headline } from "./headline-result.ts";

const GIB = 2 ** 30;
const GOOD: Headline = {
  sizeBytes: 20 * GIB,
  clients: 8,
  upstreamBytes: 20 * GIB,
  complete: 8,
  digest: "sha256:aa",
  expectedDigest: "sha256:aa",
  peakMemoryBytes: 300 * 2 ** 20,
  seconds: 1024,
};

test("a good run has no faults, and says what it found", () => {
  expect(headlineFaults(GOOD)).toEqual([]);
  const text = headlineText(GOOD);
  expect(text).toContain("1.00x the blob");
  expect(text).toContain("8 of 8 complete");
  expect(text).toContain("is the right one");
  expect(text).toContain("300 MiB");
  expect(text).toContain("20 MiB/s");
});

test("more from the upstream than the blob, less for a client, or other bytes are faults", () => {
  expect(headlineFaults({ ...GOOD, upstreamBytes: 20.2 * GIB })).toHaveLength(1);
  expect(headlineFaults({ ...GOOD, complete: 7 })).toEqual(["1 of 8 clients did not get the whole"]);
  const wrong = { ...GOOD, digest: "sha256:bb" };
  expect(headlineFaults(wrong)).toEqual(["a client received sha256:bb, expected sha256:aa"]);
  expect(headlineText(wrong)).toContain("is WRONG");
});

test("a blob that the disk has no room for is refused before anything starts", () => {
  expect(() => assertRoom(20 * GIB, 21 * GIB, "/tmp")).not.toThrow();
  expect(() => assertRoom(20 * GIB, 20 * GIB, "/tmp")).toThrow(
    'Cannot store a blob of 20.00 GiB in "/tmp": 20.00 GiB are free, 21.00 GiB are needed',
  );
});
