import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluatePreconditions, ifRangeHolds } from "./conditional.ts";

const ETAG = `"sha256:${"ab".repeat(32)}"`;
const OTHER = `"sha256:${"cd".repeat(32)}"`;
const BEFORE = "Sat, 01 Aug 2026 11:59:59 GMT";
const SAME = "Sat, 01 Aug 2026 12:00:00 GMT";
const AFTER = "Sat, 01 Aug 2026 12:00:01 GMT";

/** Half a second more than the header tells. */
const VALIDATORS = { etag: ETAG, lastModified: new Date("2026-08-01T12:00:00.500Z") };
const UNDATED = { etag: ETAG };

describe("evaluatePreconditions()", () => {
  it.each<[string, Record<string, string>, string]>([
    ["no conditions", {}, "proceed"],

    ["If-Match with the tag", { "If-Match": ETAG }, "proceed"],
    ["If-Match with the tag in a list", { "If-Match": `${OTHER}, ${ETAG}` }, "proceed"],
    ["If-Match with a star", { "If-Match": "*" }, "proceed"],
    ["If-Match with another tag", { "If-Match": OTHER }, "precondition-failed"],
    ["If-Match with the tag made weak", { "If-Match": `W/${ETAG}` }, "precondition-failed"],
    ["If-Match without quotation marks", { "If-Match": ETAG.slice(1, -1) }, "precondition-failed"],
    ["If-Match with nothing", { "If-Match": "" }, "precondition-failed"],
    ["If-Match with a star among tags", { "If-Match": `*, ${OTHER}` }, "precondition-failed"],

    ["If-Unmodified-Since a later date", { "If-Unmodified-Since": AFTER }, "proceed"],
    ["If-Unmodified-Since the date", { "If-Unmodified-Since": SAME }, "proceed"],
    ["If-Unmodified-Since an earlier date", { "If-Unmodified-Since": BEFORE }, "precondition-failed"],
    ["If-Unmodified-Since no date", { "If-Unmodified-Since": "yesterday" }, "proceed"],
    ["If-Unmodified-Since two dates", { "If-Unmodified-Since": `${BEFORE}, ${BEFORE}` }, "proceed"],

    ["If-None-Match with the tag", { "If-None-Match": ETAG }, "not-modified"],
    ["If-None-Match with the tag made weak", { "If-None-Match": `W/${ETAG}` }, "not-modified"],
    ["If-None-Match with the tag in a list", { "If-None-Match": `${OTHER} ,, W/${ETAG}` }, "not-modified"],
    ["If-None-Match with a star", { "If-None-Match": " * " }, "not-modified"],
    ["If-None-Match with another tag", { "If-None-Match": OTHER }, "proceed"],
    ["If-None-Match without quotation marks", { "If-None-Match": ETAG.slice(1, -1) }, "proceed"],
    ["If-None-Match with the tag behind nonsense", { "If-None-Match": `nonsense, ${ETAG}` }, "proceed"],

    ["If-Modified-Since an earlier date", { "If-Modified-Since": BEFORE }, "proceed"],
    ["If-Modified-Since the date", { "If-Modified-Since": SAME }, "not-modified"],
    ["If-Modified-Since a later date", { "If-Modified-Since": AFTER }, "not-modified"],
    [
      "If-Modified-Since the date as RFC 850 has it",
      { "If-Modified-Since": "Saturday, 01-Aug-26 12:00:00 GMT" },
      "not-modified",
    ],
    [
      "If-Modified-Since the date as asctime() has it",
      { "If-Modified-Since": "Sat Aug  1 12:00:00 2026" },
      "not-modified",
    ],
    ["If-Modified-Since no date", { "If-Modified-Since": "2026-08-01" }, "proceed"],
  ])("answers %s", (_what, headers, result) => {
    expect(evaluatePreconditions(new Headers(headers), VALIDATORS)).toBe(result);
  });

  it.each<[string, Record<string, string>, string]>([
    ["If-Match before If-Unmodified-Since", { "If-Match": ETAG, "If-Unmodified-Since": BEFORE }, "proceed"],
    [
      "a failed If-Match before If-None-Match",
      { "If-Match": OTHER, "If-None-Match": ETAG },
      "precondition-failed",
    ],
    ["If-None-Match after If-Match that holds", { "If-Match": ETAG, "If-None-Match": ETAG }, "not-modified"],
    [
      "If-None-Match before If-Modified-Since",
      { "If-None-Match": OTHER, "If-Modified-Since": AFTER },
      "proceed",
    ],
    [
      "If-None-Match though nothing else was asked",
      { "If-None-Match": "", "If-Modified-Since": AFTER },
      "proceed",
    ],
    [
      "a failed If-Unmodified-Since before If-None-Match",
      { "If-Unmodified-Since": BEFORE, "If-None-Match": ETAG },
      "precondition-failed",
    ],
    [
      "If-Modified-Since after If-Match that holds",
      { "If-Match": "*", "If-Modified-Since": AFTER },
      "not-modified",
    ],
    [
      "both dates, one after the other",
      { "If-Unmodified-Since": SAME, "If-Modified-Since": SAME },
      "not-modified",
    ],
  ])("asks %s", (_what, headers, result) => {
    expect(evaluatePreconditions(new Headers(headers), VALIDATORS)).toBe(result);
  });

  it.each(["If-Modified-Since", "If-Unmodified-Since"])(
    "ignores %s where there is no date to compare",
    (name) => {
      for (const date of [BEFORE, AFTER]) {
        expect(evaluatePreconditions(new Headers({ [name]: date }), UNDATED)).toBe("proceed");
      }
    },
  );

  it("joins repeated headers to one list", () => {
    const headers = new Headers([
      ["If-None-Match", OTHER],
      ["If-None-Match", ETAG],
    ]);
    expect(evaluatePreconditions(headers, VALIDATORS)).toBe("not-modified");
  });

  it("does not look at If-Range", () => {
    expect(evaluatePreconditions(new Headers({ "If-Range": OTHER, Range: "bytes=0-" }), VALIDATORS)).toBe(
      "proceed",
    );
  });

  it("follows section 13.2.2 for every combination", () => {
    const tags = fc.option(fc.constantFrom(ETAG, `W/${ETAG}`, OTHER, "*", "", "x"), { nil: undefined });
    const dates = fc.option(fc.constantFrom(BEFORE, SAME, AFTER, "x"), { nil: undefined });
    const requests = fc.record({ match: tags, unmodified: dates, noneMatch: tags, modified: dates });
    fc.assert(
      fc.property(requests, ({ match, unmodified, noneMatch, modified }) => {
        const headers = new Headers();
        if (match !== undefined) headers.set("If-Match", match);
        if (unmodified !== undefined) headers.set("If-Unmodified-Since", unmodified);
        if (noneMatch !== undefined) headers.set("If-None-Match", noneMatch);
        if (modified !== undefined) headers.set("If-Modified-Since", modified);

        const failed = match === undefined ? unmodified === BEFORE : match !== "*" && match !== ETAG;
        const fresh =
          noneMatch === undefined
            ? modified === SAME || modified === AFTER
            : ["*", ETAG, `W/${ETAG}`].includes(noneMatch);
        const expected = failed ? "precondition-failed" : fresh ? "not-modified" : "proceed";
        expect(evaluatePreconditions(headers, VALIDATORS)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("ifRangeHolds()", () => {
  it.each([
    ["the tag", ETAG],
    ["the date", SAME],
    ["the date as RFC 850 has it", "Saturday, 01-Aug-26 12:00:00 GMT"],
    ["the date as asctime() has it", "Sat Aug  1 12:00:00 2026"],
  ])("holds for %s", (_what, value) => {
    expect(ifRangeHolds(new Headers({ "If-Range": value }), VALIDATORS)).toBe(true);
  });

  it("holds where nothing is asked", () => {
    expect(ifRangeHolds(new Headers(), VALIDATORS)).toBe(true);
    expect(ifRangeHolds(new Headers({ "If-Match": OTHER }), VALIDATORS)).toBe(true);
  });

  it.each([
    ["another tag", OTHER],
    ["the tag made weak", `W/${ETAG}`],
    ["the tag without quotation marks", ETAG.slice(1, -1)],
    ["a list with the tag", `${ETAG}, ${OTHER}`],
    ["the tag twice", `${ETAG}, ${ETAG}`],
    ["a star", "*"],
    ["nothing", ""],
    ["an earlier date", BEFORE],
    ["a later date", AFTER],
    ["no date", "2026-08-01T12:00:00Z"],
  ])("does not hold for %s", (_what, value) => {
    expect(ifRangeHolds(new Headers({ "If-Range": value }), VALIDATORS)).toBe(false);
  });

  it("does not hold for any date where there is none to compare", () => {
    expect(ifRangeHolds(new Headers({ "If-Range": SAME }), UNDATED)).toBe(false);
  });

  it("does not hold by the weak tag of a representation, even for itself", () => {
    const etag = 'W/"a"';
    expect(ifRangeHolds(new Headers({ "If-Range": etag }), { etag })).toBe(false);
  });
});

describe("a representation whose tag is malformed", () => {
  it("is matched by none", () => {
    const etag = "sha256:ab";
    expect(evaluatePreconditions(new Headers({ "If-None-Match": etag }), { etag })).toBe("proceed");
    expect(evaluatePreconditions(new Headers({ "If-Match": etag }), { etag })).toBe("precondition-failed");
    expect(ifRangeHolds(new Headers({ "If-Range": etag }), { etag })).toBe(false);
  });
});
