import * as fc from "fast-check";
import { expect, test } from "vitest";
import { equalInConstantTime } from "./constant-time.ts";

test("any two texts are the same exactly if they are", () => {
  const text = fc.string({ unit: "binary", maxLength: 3 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(equalInConstantTime(a, b)).toBe(a === b);
    }),
  );
});

test("a difference in any one place is seen", () => {
  const text = "0123456789abcdef".repeat(4);
  for (let index = 0; index < text.length; index += 1) {
    expect(equalInConstantTime(text, `${text.slice(0, index)}x${text.slice(index + 1)}`)).toBe(false);
  }
});
