import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentRange, parseContentRange, parseRange, unsatisfiedRange } from "./range.ts";

const WHOLE = { kind: "whole" };
const UNSATISFIABLE = { kind: "unsatisfiable" };

function range(start: number, end: number): unknown {
  return { kind: "range", start, end };
}

describe("parseRange() of 1000 bytes", () => {
  it.each([
    ["the first byte", "bytes=0-0", range(0, 1)],
    ["a middle byte", "bytes=5-5", range(5, 6)],
    ["the last byte", "bytes=999-999", range(999, 1000)],
    ["several bytes", "bytes=200-299", range(200, 300)],
    ["all of them", "bytes=0-999", range(0, 1000)],
    ["the rest from an offset", "bytes=200-", range(200, 1000)],
    ["the rest from the start", "bytes=0-", range(0, 1000)],
    ["the rest from the last byte", "bytes=999-", range(999, 1000)],
    ["more than there is", "bytes=900-5000", range(900, 1000)],
    ["the last bytes", "bytes=-100", range(900, 1000)],
    ["the very last byte", "bytes=-1", range(999, 1000)],
    ["more last bytes than there are", "bytes=-5000", range(0, 1000)],
    ["an end beyond what a number counts", `bytes=1-${"9".repeat(400)}`, range(1, 1000)],
    ["leading zeros", "bytes=0001-0002", range(1, 3)],
    ["the unit in upper case", "BYTES=1-2", range(1, 3)],
    ["empty members beside the range", "bytes=,, 1-2 ,", range(1, 3)],
    ["blanks around the range", " bytes= 1-2\t", range(1, 3)],
  ])("reads %s", (_what, header, expected) => {
    expect(parseRange(header, 1000)).toEqual(expected);
  });

  it.each([
    ["the byte behind the last", "bytes=1000-1000"],
    ["the rest from behind the last", "bytes=1000-"],
    ["an offset far behind", "bytes=5000-6000"],
    ["an offset beyond what a number counts", `bytes=${"9".repeat(400)}-`],
    ["the last no bytes", "bytes=-0"],
  ])("cannot satisfy %s", (_what, header) => {
    expect(parseRange(header, 1000)).toEqual(UNSATISFIABLE);
  });

  it.each([
    ["no header", null],
    ["an empty header", ""],
    ["no range", "bytes="],
    ["empty members alone", "bytes=, ,"],
    ["several ranges", "bytes=0-0,2-3"],
    ["the same range twice", "bytes=0-1, 0-1"],
    ["a range and nonsense", "bytes=0-1,x"],
    ["two headers joined", "bytes=0-1, bytes=0-1"],
    ["an end before the start", "bytes=5-4"],
    ["a hyphen alone", "bytes=-"],
    ["two hyphens", "bytes=1--2"],
    ["three numbers", "bytes=1-2-3"],
    ["one number", "bytes=5"],
    ["a sign", "bytes=+1-2"],
    ["a hexadecimal number", "bytes=0x1-0x2"],
    ["a fraction", "bytes=1.0-2"],
    ["digits of another script", "bytes=١-٢"],
    ["blanks within the range", "bytes=1 - 2"],
    ["another unit", "items=0-1"],
    ["no unit", "0-1"],
    ["a unit that begins alike", "bytesx=0-1"],
    ["no equals sign", "bytes 0-1"],
    ["a total", "bytes=0-1/1000"],
  ])("ignores %s", (_what, header) => {
    expect(parseRange(header, 1000)).toEqual(WHOLE);
  });
});

describe("parseRange()", () => {
  it.each(["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"])(
    "ignores %s of nothing",
    (header) => {
      expect(parseRange(header, 0)).toEqual(WHOLE);
    },
  );

  it("finds the bytes that the header names, for any numbers", () => {
    const numbers = fc.nat({ max: 50 });
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 1, max: 40 }), (first, last, size) => {
        const bytes = Array.from({ length: size }, (_, index) => index);
        const named = bytes.filter((index) => index >= first && index <= last);
        const result = parseRange(`bytes=${first}-${last}`, size);
        if (last < first) expect(result).toEqual(WHOLE);
        else if (result.kind === "range") expect(bytes.slice(result.start, result.end)).toEqual(named);
        else expect([result, named]).toEqual([UNSATISFIABLE, []]);

        const tail = parseRange(`bytes=-${last}`, size);
        if (tail.kind === "range") expect(bytes.slice(tail.start, tail.end)).toEqual(bytes.slice(-last));
        else expect([tail, last]).toEqual([UNSATISFIABLE, 0]);
      }),
    );
  });

  it("never leaves the representation, whatever the header", () => {
    const parts = fc.constantFrom("bytes", "=", "-", ",", "0", "7", "99", "9".repeat(30), " ", "/", "*", "x");
    const headers = fc.oneof(
      fc.array(parts).map((words) => `bytes=${words.join("")}`),
      fc.array(parts).map((words) => words.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(headers, fc.maxSafeNat(), (header, size) => {
        const result = parseRange(header, size);
        if (result.kind !== "range") return;
        expect(result.start).toBeGreaterThanOrEqual(0);
        expect(result.start).toBeLessThan(result.end);
        expect(result.end).toBeLessThanOrEqual(size);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["0-1,", ",", "9", "-", " ", "\t,"])("reads a quarter of a million times %j", (unit) => {
    expect(parseRange(`bytes=${unit.repeat(262_144)}x`, 1000)).toEqual(WHOLE);
  });
});

describe("contentRange() and unsatisfiedRange()", () => {
  it("write the inclusive positions of RFC 9110", () => {
    expect(contentRange(0, 500, 1234)).toBe("bytes 0-499/1234");
    expect(contentRange(1233, 1234, 1234)).toBe("bytes 1233-1233/1234");
    expect(unsatisfiedRange(1234)).toBe("bytes */1234");
  });

  it("are what parseContentRange() reads", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.maxSafeNat(), { minLength: 3, maxLength: 3 }), (numbers) => {
        const [start = 0, end = 0, sizeBytes = 0] = numbers.sort((a, b) => a - b);
        const parsed = parseContentRange(contentRange(start, end, sizeBytes));
        expect(parsed).toEqual({ kind: "range", start, end, sizeBytes });
        expect(parseContentRange(unsatisfiedRange(sizeBytes))).toEqual({ kind: "unsatisfied", sizeBytes });
      }),
    );
  });
});

describe("parseContentRange()", () => {
  it.each([
    ["bytes 0-499/1234", { kind: "range", start: 0, end: 500, sizeBytes: 1234 }],
    ["bytes 0-0/1", { kind: "range", start: 0, end: 1, sizeBytes: 1 }],
    ["bytes 10-19/*", { kind: "range", start: 10, end: 20, sizeBytes: undefined }],
    ["Bytes  10-19/20 ", { kind: "range", start: 10, end: 20, sizeBytes: 20 }],
    ["bytes */1234", { kind: "unsatisfied", sizeBytes: 1234 }],
    ["bytes */0", { kind: "unsatisfied", sizeBytes: 0 }],
  ])("reads %s", (header, expected) => {
    expect(parseContentRange(header)).toEqual(expected);
  });

  it.each([
    null,
    "",
    "bytes",
    "bytes */*",
    "bytes 0-499",
    "bytes 499-0/1234",
    "bytes 5-4/1234",
    "bytes 0-1234/1234",
    "bytes 0-0/0",
    "bytes -5/10",
    "bytes 5-/10",
    "bytes=0-499/1234",
    "bytes0-499/1234",
    "items 0-499/1234",
    "bytes 0-499/1234, bytes 0-499/1234",
    "bytes 0-9007199254740991/*",
    "bytes 0-1/9007199254740992",
    `bytes 0-1/${"9".repeat(400)}`,
    "bytes -1-2/3",
    "bytes 0x0-0x1/2",
  ])("does not believe %j", (header) => {
    expect(parseContentRange(header)).toBeUndefined();
  });
});
