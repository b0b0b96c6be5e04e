import { expect, test } from "vitest";
import { parseDigest } from "./digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "./media-types.ts";
import { referrersPage } from "./referrers-page.ts";

function descriptor(digit: string, textCharacters = 10) {
  return {
    mediaType: OCI_MANIFEST,
    digest: `sha256:${digit.repeat(64)}`,
    size: 7,
    annotations: { text: "ü".repeat(textCharacters) },
    unknown: [digit],
  };
}

const ALL = ["1", "2", "3", "4", "5"].map((digit) => descriptor(digit));

function index(manifests: readonly object[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

function read(bytes: Uint8Array) {
  return JSON.parse(new TextDecoder().decode(bytes)) as { manifests: { digest: string }[] };
}

test("a list that fits is one page, the very same bytes", () => {
  const bytes = index(ALL);
  expect(referrersPage(bytes, undefined, bytes.length)).toEqual({ bytes });
});

test("pages that fit lead through a list that does not", () => {
  const whole = index(ALL);
  const maxBytes = index(ALL.slice(0, 2)).length + 1;
  const pages: Uint8Array[] = [];
  let after: ReturnType<typeof parseDigest> | undefined;
  do {
    const page = referrersPage(whole, after, maxBytes);
    pages.push(page.bytes);
    after = page.last;
  } while (after !== undefined && pages.length < 10);
  expect(pages.map((page) => read(page).manifests)).toEqual([ALL.slice(0, 2), ALL.slice(2, 4), ALL.slice(4)]);
  expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(maxBytes);
  expect(read(pages[0] ?? new Uint8Array())).toEqual({ ...read(whole), manifests: ALL.slice(0, 2) });
});

test("one that is larger than a page is a page", () => {
  const page = referrersPage(index([descriptor("1", 500), ...ALL.slice(1)]), undefined, 400);
  expect(read(page.bytes).manifests).toHaveLength(1);
  expect(page.last).toBe(ALL[0]?.digest);
});

test("behind the last one, or one that is gone, there is nothing", () => {
  for (const digit of ["5", "9"]) {
    const page = referrersPage(index(ALL), parseDigest(`sha256:${digit.repeat(64)}`), 10_000);
    expect(read(page.bytes).manifests).toEqual([]);
    expect(page.last).toBeUndefined();
  }
});
