import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import {
  buildSif,
  HEADER_AT,
  setInt64,
  SLOT_AT,
  SLOT_BYTES,
  slotOffset,
  TABLE_OFFSET,
} from "../../test/support/sif-builder.ts";
import { checkHeader, checkObjects } from "./bounds.ts";
import { parseDescriptors } from "./descriptor.ts";
import { parseHeader } from "./header.ts";

/** Twice 16 bytes of objects behind a table of 48 slots: 32176 to 32208. */
function soundFile(): Uint8Array {
  return buildSif([
    { type: 0x4007, content: "first object ..." },
    { type: 0x4007, content: "second object .." },
  ]);
}

function check(file: Uint8Array): void {
  const header = parseHeader(file);
  checkHeader(header, file.length);
  const table = file.subarray(header.descriptorsOffset, header.descriptorsOffset + header.descriptorsSize);
  checkObjects(header, parseDescriptors(table), file.length);
}

function complaint(change: (file: Uint8Array) => void): string {
  const file = soundFile();
  change(file);
  try {
    check(file);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "invalid-sif") return error.message;
    throw error;
  }
  return "none";
}

function complaintAbout(offset: number, value: number | bigint): string {
  return complaint((file) => setInt64(file, offset, value));
}

test("a sound file is taken", () => {
  expect(() => check(soundFile())).not.toThrow();
});

test.each([
  ["descriptorsTotal", -1, "header, descriptors total is -1, allowed is 0 to 4096"],
  ["descriptorsTotal", 4097, "header, descriptors total is 4097, allowed is 0 to 4096"],
  ["descriptorsTotal", 2n ** 62n, "header, descriptors total is 4611686018427388000, allowed is 0 to 4096"],
  ["descriptorsFree", -1, "header, descriptors free is -1, allowed is 0 to 48"],
  ["descriptorsFree", 49, "header, descriptors free is 49, allowed is 0 to 48"],
  ["descriptorsOffset", 127, "header, descriptors offset is 127, allowed is 128 to 32208"],
  ["descriptorsOffset", -4096, "header, descriptors offset is -4096, allowed is 128 to 32208"],
  ["descriptorsOffset", 32_209, "header, descriptors offset is 32209, allowed is 128 to 32208"],
  ["descriptorsOffset", 32_208, "header, descriptors size is 28080, allowed is nothing"],
  ["descriptorsSize", 28_079, "header, descriptors size is 28079, allowed is 28080 to 28112"],
  ["descriptorsSize", 28_113, "header, descriptors size is 28113, allowed is 28080 to 28112"],
  ["dataOffset", 127, "header, data offset is 127, allowed is 128 to 32208"],
  ["dataOffset", 32_209, "header, data offset is 32209, allowed is 128 to 32208"],
  ["dataSize", -1, "header, data size is -1, allowed is 0 to 32"],
  ["dataSize", 33, "header, data size is 33, allowed is 0 to 32"],
] as const)("a header whose %s is %d is refused", (field, value, expected) => {
  expect(complaintAbout(HEADER_AT[field], value)).toContain(expected);
});

test.each([
  ["offset", -1, "descriptor 1, offset is -1, allowed is 0 to 32208"],
  ["offset", 32_209, "descriptor 1, offset is 32209, allowed is 0 to 32208"],
  ["offset", 2n ** 63n - 1n, "descriptor 1, offset is 9223372036854776000, allowed is 0 to 32208"],
  ["size", -1, "descriptor 1, size is -1, allowed is 0 to 16"],
  ["size", 17, "descriptor 1, size is 17, allowed is 0 to 16"],
  ["size", -(2n ** 63n), "descriptor 1, size is -9223372036854776000, allowed is 0 to 16"],
  ["padded", -1, "descriptor 1, size with padding is -1, allowed is 0 to 32208"],
  ["padded", 32_209, "descriptor 1, size with padding is 32209, allowed is 0 to 32208"],
] as const)("an object whose %s is %d is refused", (field, value, expected) => {
  expect(complaintAbout(slotOffset(1) + SLOT_AT[field], value)).toContain(expected);
});

test.each([
  [0, "start of the object of descriptor 1 is 0, allowed is 128 or more, where the header ends"],
  [4095, "start of the descriptor table is 4096, allowed is 4111 or more"],
  [32_175, "is 32175, allowed is 32176 or more, where the descriptor table ends"],
  [32_176, "is 32176, allowed is 32192 or more, where the object of descriptor"],
  [32_191, "start of the object of descriptor 1 is 32191, allowed is 32192 or more"],
])("an object at byte %i, on top of something else, is refused", (offset, expected) => {
  expect(complaintAbout(slotOffset(1) + SLOT_AT.offset, offset)).toContain(expected);
});

test("an object may lie anywhere free, even between header and table", () => {
  expect(complaintAbout(slotOffset(1) + SLOT_AT.offset, 128)).toBe("none");
  expect(complaintAbout(slotOffset(1) + SLOT_AT.offset, TABLE_OFFSET - 16)).toBe("none");
});

test("an empty object shares no byte with anything", () => {
  const message = complaint((file) => {
    setInt64(file, slotOffset(1) + SLOT_AT.offset, 0);
    setInt64(file, slotOffset(1) + SLOT_AT.size, 0);
  });
  expect(message).toBe("none");
});

test.each([0, 1])("an object with the ID %i, no ID or another's, is refused", (id) => {
  const message = complaint((file) => file.set([id], slotOffset(1) + SLOT_AT.id));
  expect(message).toContain(`descriptor 1, ID is ${id}, allowed is a number above 0 that no other`);
});

test("the most descriptors there may be are checked at once, not each against each", () => {
  const objects = Array.from({ length: 4096 }, () => ({ type: 0x4007, content: "x" }));
  expect(() => check(buildSif(objects))).not.toThrow();
});

test("whatever two objects say of themselves, what is taken lies inside the file and apart", () => {
  const number = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: 0n, max: 40_000n }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 2, maxLength: 2 }), (places) => {
      const file = soundFile();
      for (const [slot, [offset, size]] of places.entries()) {
        setInt64(file, TABLE_OFFSET + slot * SLOT_BYTES + SLOT_AT.offset, offset);
        setInt64(file, TABLE_OFFSET + slot * SLOT_BYTES + SLOT_AT.size, size);
      }
      const overlap = places.every(([, size]) => size > 0n) && overlaps(places);
      const outside = places.some(
        ([offset, size]) => offset < 0n || size < 0n || offset + size > BigInt(file.length),
      );
      if (overlap || outside) expect(() => check(file)).toThrow(RegistryError);
    }),
    { numRuns: 500 },
  );
});

function overlaps(places: readonly (readonly [offset: bigint, size: bigint])[]): boolean {
  const [first, second] = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return first !== undefined && second !== undefined && second[0] < first[0] + first[1];
}
