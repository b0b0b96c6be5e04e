import * as fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPattern } from "./repository-pattern.ts";

test.each([
  ["*", ""],
  ["*", "ghcr.io/org/img"],
  ["**", "ghcr.io/org/img"],
  ["ghcr.io/org/img", "ghcr.io/org/img"],
  ["ghcr.io/org/*", "ghcr.io/org/img"],
  ["ghcr.io/org/*", "ghcr.io/org/a/b/c"],
  ["ghcr.io/*", "ghcr.io/org/a"],
  ["*/img", "ghcr.io/org/img"],
  ["ghcr.io/*/img", "ghcr.io/a/b/img"],
  ["ghcr.io/org/img*", "ghcr.io/org/img"],
  ["a*a", "aa"],
  ["a*ba*a", "abababa"],
  ["*ab", "aab"],
])("%s matches %j", (pattern, text) => {
  expect(matchesPattern(pattern, text)).toBe(true);
});

test.each([
  ["", "x"],
  ["ghcr.io/org/*", "ghcr.io/org"],
  ["ghcr.io/org/*", "ghcr.io/organisation/img"],
  ["ghcr.io/org/*", "quay.io/ghcr.io/org/img"],
  ["ghcr.io/org/img", "ghcr.io/org/img2"],
  ["ghcr.io/org/img", "ghcr.io/org/im"],
  ["ghcr.io/org/img", "xghcr.io/org/img"],
  ["*/img", "ghcr.io/org/img/x"],
  ["ghcr.io/*/img", "ghcr.io/img"],
  ["ghcrxio/*", "ghcr.io/a"],
  ["ghcr.io/.*", "ghcr.io/a"],
  ["ghcr.io/?", "ghcr.io/a"],
  ["a*a", "a"],
  ["ab*ba", "aba"],
  ["*b*", "aaa"],
])("%s does not match %j", (pattern, text) => {
  expect(matchesPattern(pattern, text)).toBe(false);
});

/** The meaning, in the slowest and plainest way. */
function means(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern.startsWith("*")) {
    return Array.from({ length: text.length + 1 }).some((_, skip) =>
      means(pattern.slice(1), text.slice(skip)),
    );
  }
  return text.startsWith(pattern.charAt(0)) && means(pattern.slice(1), text.slice(1));
}

test("any pattern matches what it means, and nothing else", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 7 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 9 });
  fc.assert(
    fc.property(pattern, text, (pattern, text) => {
      expect(matchesPattern(pattern, text)).toBe(means(pattern, text));
    }),
    { numRuns: 5000 },
  );
});

test("whatever stands for the stars, the pattern matches", () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", ".", "[", "\\", "$", "^", "+", "?") }));
  fc.assert(
    fc.property(parts, fc.array(fc.string()), (parts, fillings) => {
      const text = parts.map((part, index) => (index === 0 ? part : (fillings[index] ?? "") + part)).join("");
      expect(matchesPattern(parts.join("*"), text)).toBe(true);
    }),
  );
});

test("a pattern made to be slow is answered all the same", () => {
  // A matcher that goes back for each star would not come to an end here.
  const pattern = `${"a*".repeat(250)}b`;
  expect(matchesPattern(pattern, "a".repeat(10_000))).toBe(false);
});
