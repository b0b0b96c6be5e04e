import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHttpDate } from "./http-date.ts";

describe("parseHttpDate()", () => {
  it.each([
    ["the format of today", "Sun, 06 Nov 1994 08:49:37 GMT"],
    ["the format of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT"],
    ["the format of asctime()", "Sun Nov  6 08:49:37 1994"],
    ["blanks around it", "  Sun, 06 Nov 1994 08:49:37 GMT\t"],
  ])("reads %s", (_what, text) => {
    expect(parseHttpDate(text)).toEqual(new Date("1994-11-06T08:49:37Z"));
  });

  it.each([
    ["a day of two digits in asctime()'s", "Thu Nov 16 08:49:37 2023", "2023-11-16T08:49:37Z"],
    ["a leap day", "Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00Z"],
    ["a leap second as the second after it", "Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"],
    ["a wrong name of the day", "Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"],
    ["a year of the first century", "Mon, 01 Jan 0050 00:00:00 GMT", "0050-01-01T00:00:00Z"],
    [
      "a two-digit year at most fifty years ahead",
      "Wednesday, 01-Jan-76 00:00:00 GMT",
      "2076-01-01T00:00:00Z",
    ],
    ["a two-digit year further ahead as past", "Saturday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00Z"],
  ])("reads %s", (_what, text, iso) => {
    expect(parseHttpDate(text)).toEqual(new Date(iso));
  });

  it.each([
    "",
    "0",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    '"sha256:00"',
  ])("does not take %j for a date", (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });

  it("answers any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseHttpDate(text)).toBeUndefined();
      }),
    );
  });

  it("reads what toUTCString() writes", () => {
    const dates = fc.date({
      min: new Date("0000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        const seconds = Math.floor(date.getTime() / 1000);
        expect(parseHttpDate(date.toUTCString())?.getTime()).toBe(seconds * 1000);
      }),
    );
  });
});
