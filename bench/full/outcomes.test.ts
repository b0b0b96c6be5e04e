import { expect, test } from "vitest";
import { Outcomes } from "./outcomes.ts";

test("figures of all repetitions come together, by server", async () => {
  const outcomes = new Outcomes();
  await outcomes.note("a", () => Promise.resolve([]));
  await outcomes.note("a", () => Promise.resolve([{ ms: 1, blobs: 7 }]));
  await outcomes.note("b", () => Promise.resolve([{ ms: 5, blobs: 8 }]));
  await outcomes.note("a", () => Promise.resolve([{ ms: 2, blobs: 7 }]));
  expect(outcomes.cells("ms")).toEqual({ a: { values: [1, 2] }, b: { values: [5] } });
  expect(outcomes.cell("a", "blobs")).toEqual({ values: [7, 7] });
  expect(outcomes.cell("c", "ms")).toEqual({ cannot: "it was not measured" });
});

test("who failed once has no figures, and is not measured again", async () => {
  const outcomes = new Outcomes();
  await outcomes.note("a", () => Promise.resolve([{ ms: 1 }]));
  await outcomes.note("a", () => Promise.reject(new Error("status 500")));
  let again = false;
  await outcomes.note("a", () => {
    again = true;
    return Promise.resolve([{ ms: 2 }]);
  });
  expect(outcomes.cells("ms")).toEqual({ a: { cannot: "status 500" } });
  expect(again).toBe(false);
});
