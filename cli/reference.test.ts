import { describe, expect, test } from "vitest";
import { parseReference, formatReference as serverFormat } from "../src/oci/reference.ts";
import { formatReference, pathOf, splitReference } from "./reference.js";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("splitReference()", () => {
  test.each([
    ["ghcr.io/org/image:1.0", "ghcr.io/org/image", "1.0", undefined],
    ["oras://ghcr.io/org/image", "ghcr.io/org/image", undefined, undefined],
    ["//local/x:1", "local/x", "1", undefined],
    ["localhost:5000/x", "localhost:5000/x", undefined, undefined],
    [`localhost:5000/x:1@${DIGEST}`, "localhost:5000/x", "1", DIGEST],
  ])("takes %s apart", (text, name, tag, digest) => {
    expect(splitReference(text)).toEqual({ name, tag, digest });
  });

  test.each(["", "x", "x:1", "/x", "x/", "oras://", `@${DIGEST}`])("refuses %j", (text) => {
    expect(() => splitReference(text)).toThrow(`Cannot read reference "${text}"`);
  });

  test.each(["ghcr.io/org/image:1.0", `lab:5000/a/b:c@${DIGEST}`, "oras://docker.io/org/x:y"])(
    "reads %s as the server does",
    (text) => {
      expect(formatReference(splitReference(text))).toBe(serverFormat(parseReference(text)));
    },
  );
});

test("pathOf() escapes what would end a path", () => {
  expect(pathOf("lab/x:1@sha256:a?b#c%d e")).toBe("lab/x:1@sha256:a%3Fb%23c%25d%20e");
});
