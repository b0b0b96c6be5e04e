import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { readSample } from "../../test/support/sif-samples.ts";
import { HEADER_BYTES, parseHeader, sniffSif, SNIFF_BYTES } from "./header.ts";

function failure(start: Uint8Array): RegistryError {
  try {
    parseHeader(start);
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("parseHeader() took it");
}

test("a SIF is known by its first 42 bytes", () => {
  const sample = readSample("empty.sif");
  expect(sniffSif(sample.subarray(0, SNIFF_BYTES))).toBe(true);
  expect(sniffSif(sample.subarray(0, SNIFF_BYTES - 1))).toBe(false);
  expect(sniffSif(new Uint8Array(0))).toBe(false);
});

test("the magic anywhere else does not make a SIF", () => {
  const file = new Uint8Array(4096);
  file.set(new TextEncoder().encode("SIF_MAGIC\0"), 33);
  expect(sniffSif(file)).toBe(false);
});

test.each([
  ["a gzip file", Uint8Array.of(0x1f, 0x8b, 8, ...Array.from<number>({ length: 200 }).fill(0))],
  ["an HTML page", new TextEncoder().encode(`<!doctype html>${" ".repeat(200)}`)],
  ["an empty file", new Uint8Array(0)],
])("%s is not a SIF file", (_, file) => {
  expect(failure(file)).toMatchObject({ code: "not-a-sif-file", status: 415 });
});

test("a header cut short is damaged, not another kind of file", () => {
  const error = failure(readSample("empty.sif").subarray(0, HEADER_BYTES - 1));
  expect(error).toMatchObject({ code: "invalid-sif", status: 422 });
  expect(error.message).toContain("file size is 127, allowed is 128 bytes or more");
});

test("another version is refused by name", () => {
  const file = readSample("empty.sif");
  file[43] = 0x32;
  expect(failure(file).message).toBe('Cannot read SIF file: header, version is "02", allowed is "01"');
});

test.each([
  ["00", "unknown"],
  ["01", "386"],
  ["02", "amd64"],
  ["03", "arm"],
  ["04", "arm64"],
  ["05", "ppc64"],
  ["06", "ppc64le"],
  ["07", "mips"],
  ["08", "mipsle"],
  ["09", "mips64"],
  ["10", "mips64le"],
  ["11", "s390x"],
  ["12", "riscv64"],
  ["13", "loong64"],
  ["14", "unknown"],
  ["\u00ff", "unknown"],
])("architecture code %j is %s", (code, name) => {
  const file = readSample("empty.sif");
  file.set(new TextEncoder().encode(code), 45);
  expect(parseHeader(file).architecture).toBe(name);
});

test("the bytes that signatures cover leave out architecture, times and layout, and are a copy", () => {
  const file = readSample("one-group-signed-legacy.sif");
  const { signedBytes } = parseHeader(file);
  expect(signedBytes).toHaveLength(61);
  expect(signedBytes).toEqual(new Uint8Array(Buffer.concat([file.subarray(0, 45), file.subarray(48, 64)])));
  file.fill(0);
  expect(signedBytes.some((byte) => byte !== 0)).toBe(true);
});
