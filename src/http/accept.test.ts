import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefersOverJson, prefersPlainText } from "./accept.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

describe("prefersPlainText()", () => {
  it.each([
    "text/plain",
    "TEXT/Plain",
    "text/plain; charset=utf-8",
    "text/*",
    "text/plain, */*",
    "text/*, */*",
    "text/plain, application/json;q=0.9",
    "application/json;q=0.5, text/plain;q=0.6",
    "application/json;q=0, */*",
    "text/plain;q=0.1",
    "text/plain , nonsense",
    'text/plain;a="x,y;q=0"',
  ])("is so for %j", (accept) => {
    expect(prefersPlainText(accept)).toBe(true);
  });

  it.each([
    null,
    "",
    "*/*",
    "application/json",
    "application/*",
    "text/html",
    BROWSER,
    "application/json, text/plain, */*",
    "text/plain, application/json",
    "text/plain;q=0.5, application/json",
    "text/plain;q=0.5, */*",
    "text/plain;q=0",
    "text/plain;q=0, */*;q=0",
    "text/event-stream",
    "text/plain;q=2",
    "nonsense",
    "text",
    "text/plain/x",
    "*/plain",
  ])("is not so for %j", (accept) => {
    expect(prefersPlainText(accept)).toBe(false);
  });
});

describe("prefersOverJson()", () => {
  it.each([
    ["text/event-stream", "text/event-stream"],
    ["text/event-stream, */*", "Text/Event-Stream"],
    [BROWSER, "text/html"],
    ["text/*", "text/event-stream"],
    ["Text/Event-Stream;charset=utf-8", "text/event-stream"],
    ["text/plain, text/event-stream ; q=0.001", "text/event-stream"],
    ["text/event-stream;q=1.000", "text/event-stream"],
    ["text/event-stream;Q=0.5", "text/event-stream"],
    ["*/*;q=0, text/*;q=0.1", "text/event-stream"],
    ["text/event-stream, text/event-stream;q=0", "text/event-stream"],
    ["text/event-stream;q=0, text/event-stream", "text/event-stream"],
    ["application/vnd.oci.image.manifest.v1+json", "Application/vnd.OCI.image.manifest.v1+json"],
  ])("is so by %j for %s", (accept, mediaType) => {
    expect(prefersOverJson(accept, mediaType)).toBe(true);
  });

  it.each([
    [null, "text/event-stream"],
    ["*/*", "text/event-stream"],
    ["application/json, text/event-stream", "text/event-stream"],
    ["text/event-stream;q=0", "text/event-stream"],
    [BROWSER, "text/event-stream"],
    ["", "text/event-stream"],
    [" , ,", "text/event-stream"],
    ["nonsense", "text/event-stream"],
    ["application/json", "text/event-stream"],
    ["text/plain", "text/event-stream"],
    ["application/*", "text/event-stream"],
    ["text/event-stream;q=0", "text/event-stream"],
    ["text/event-stream;q=0.000, */*", "text/event-stream"],
    ["text/*;q=0, */*", "text/event-stream"],
    ["*/*;q=0", "text/event-stream"],
    ["text/event", "text/event-stream"],
    ["text/event-stream-2", "text/event-stream"],
    ["tex/*", "text/event-stream"],
    ["text/plain, text/event-stream;q=1.1", "text/event-stream"],
    ["text/plain, text/event-stream;q=", "text/event-stream"],
    ["text/plain, text/event-stream;q=-1", "text/event-stream"],
    ["text/plain, text/event-stream;q=0.0001", "text/event-stream"],
    ['text/plain;a=", text/event-stream"', "text/event-stream"],
    ['text/plain;a="\\", text/event-stream, "', "text/event-stream"],
    ["*/event-stream", "text/event-stream"],
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"],
  ])("is not so by %j for %s", (accept, mediaType) => {
    expect(prefersOverJson(accept, mediaType)).toBe(false);
  });

  it("lets the more exact range decide, in whatever order", () => {
    const ranges = ["*/*;q=0.1", "text/*;q=0", "text/plain;q=0.2"];
    fc.assert(
      fc.property(fc.shuffledSubarray(ranges, { minLength: 3 }), (order) => {
        const accept = order.join(", ");
        expect(prefersOverJson(accept, "text/plain")).toBe(true);
        expect(prefersOverJson(accept, "text/html")).toBe(false);
      }),
    );
  });

  it("is never so for JSON itself, whatever the text", () => {
    const parts = fc.constantFrom(
      "text/plain",
      "*/*",
      "text/*",
      ";",
      ",",
      "q=",
      "0.5",
      "1",
      '"',
      "\\",
      " ",
      "x",
    );
    const headers = fc.oneof(
      fc.array(parts).map((words) => words.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(headers, (accept) => {
        expect(prefersOverJson(accept, "application/json")).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["a/b,", ",", ";", '"', '"\\', "a/b;q=0;", "*/*"])(
    "reads a quarter of a million times %j",
    (unit) => {
      expect(prefersOverJson(`text/html,${unit.repeat(262_144)}`, "text/plain")).toBe(false);
    },
  );
});
