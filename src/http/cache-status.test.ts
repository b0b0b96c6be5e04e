import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheStatus } from "./cache-status.ts";

/** Texts of any UTF-16 units, halves of surrogate pairs among them. */
const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe("cacheStatus()", () => {
  it.each([
    [{ hit: true } as const, "sif-edge; hit"],
    [{ hit: true, detail: "REVALIDATED" } as const, 'sif-edge; hit; detail="REVALIDATED"'],
    [{ fwd: "uri-miss" } as const, "sif-edge; fwd=uri-miss"],
    [{ fwd: "uri-miss", stored: true } as const, "sif-edge; fwd=uri-miss; stored"],
    [
      { fwd: "uri-miss", stored: true, collapsed: true } as const,
      "sif-edge; fwd=uri-miss; stored; collapsed",
    ],
    [{ fwd: "uri-miss", stored: false, collapsed: false } as const, "sif-edge; fwd=uri-miss"],
    [{ fwd: "stale", fwdStatus: 503 } as const, "sif-edge; fwd=stale; fwd-status=503"],
    [
      { fwd: "partial", stored: true, detail: "not verified" } as const,
      'sif-edge; fwd=partial; stored; detail="not verified"',
    ],
  ])("says %j as %s", (handling, value) => {
    expect(cacheStatus(handling)).toBe(value);
  });

  it("escapes a detail, and replaces what a header cannot carry", () => {
    expect(cacheStatus({ fwd: "stale", detail: 'a"b\\c\r\nd: ä💾' })).toBe(
      String.raw`sif-edge; fwd=stale; detail="a\"b\\c??d: ??"`,
    );
  });

  it("is a well-formed string of RFC 9651 for any detail", () => {
    fc.assert(
      fc.property(anyText, (detail) => {
        expect(cacheStatus({ hit: true, detail })).toMatch(
          /^sif-edge; hit; detail="(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/,
        );
      }),
    );
  });
});
