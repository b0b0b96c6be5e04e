import { describe, expect, test } from "vitest";
import { isUnprotected, parseServer, parseToken } from "./server.js";

describe("parseServer()", () => {
  test.each([
    ["https://sif.example", "https://sif.example"],
    ["https://sif.example:8443/", "https://sif.example:8443"],
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787"],
  ])("takes %s", (text, expected) => {
    expect(parseServer(text, "it")).toBe(expected);
  });

  test.each(["", "sif.example", "ftp://x", "https://x/y", "https://x/?a", "https://u:p@x", "https://x/#a"])(
    "refuses %j",
    (text) => {
      expect(() => parseServer(text, "it")).toThrow("Cannot use it");
    },
  );
});

test.each([
  ["http://sif.example", true],
  ["https://sif.example", false],
  ["http://localhost:8787", false],
  ["http://127.0.0.1:8787", false],
  ["http://[::1]:8787", false],
])("isUnprotected(%s) is %j", (server, expected) => {
  expect(isUnprotected(server)).toBe(expected);
});

test("parseToken() shows no token, whatever is wrong with it", () => {
  expect(parseToken(" abc\n", "it")).toBe("abc");
  expect(() => parseToken("se cret", "it")).toThrow(
    /^Cannot use the token from it: it is empty, or has blanks/,
  );
});
