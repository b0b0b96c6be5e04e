import { html } from "hono/html";
import { expect, test } from "vitest";
import { TextBudget } from "./text-budget.ts";

test("a text within its limit is shown whole", () => {
  expect(new TextBudget(100).take("abc", 3)).toEqual({ text: "abc", cut: false, length: 3 });
});

test("a longer one is cut and says how long it is", () => {
  expect(new TextBudget(100).take("x".repeat(1_048_576), 10)).toEqual({
    text: "x".repeat(10),
    cut: true,
    length: 1_048_576,
  });
});

test("all texts together take no more than the page has", () => {
  const budget = new TextBudget(10);
  budget.take("x".repeat(8), 8);
  expect(budget.take("abcdef", 8).text).toBe("ab");
  expect(budget.isSpent).toBe(true);
  expect(budget.take("abc", 8)).toEqual({ text: "", cut: true, length: 3 });
});

test.each(["&", "<", ">", '"', "'", "ä", "字", "😀", "a<b>&'ä😀"])(
  "%s costs what it takes to send it",
  async (text) => {
    const sentBytes = new TextEncoder().encode(await html`${text}`).length;
    expect(new TextBudget(sentBytes).take(text, 100).cut).toBe(false);
    expect(new TextBudget(sentBytes - 1).take(text, 100).cut).toBe(true);
  },
);

test("a cut does not leave half a character", () => {
  expect(new TextBudget(100).take("a😀", 2).text).toBe("a\uFFFD");
});
