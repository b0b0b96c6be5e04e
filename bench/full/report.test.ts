import { expect, test } from "vitest";
import { costOf, failuresOf, middleOf, ratioOf } from "./report.ts";
import { SAMPLE_REPORT, SAMPLE_ROW } from "./sample-report.ts";

test("a cell counts by the middle of its values", () => {
  expect(middleOf({ values: [9, 1, 2] })).toBe(2);
  expect(middleOf({ values: [1, 2, 4, 9] })).toBe(3);
  expect(middleOf({ cannot: "sleeps" })).toBeUndefined();
  expect(middleOf(undefined)).toBeUndefined();
});

test("a ratio is the middle of the measurements over the middle of the floors", () => {
  const floor = { what: "nothing", cell: { values: [2, 4, 100] } };
  const row = { ...SAMPLE_ROW, floor, cells: { a: { values: [1, 6, 7] }, b: { cannot: "sleeps" } } };
  expect(ratioOf(row, "a")).toBe(1.5);
  expect(ratioOf(row, "b")).toBeUndefined();
  expect(ratioOf(row, "unknown")).toBeUndefined();
});

test("there is no ratio to a floor of nothing, nor to one that failed", () => {
  const cells = { a: { values: [3] } };
  const zero = { what: "none", cell: { values: [0] } };
  expect(ratioOf({ ...SAMPLE_ROW, floor: zero, cells }, "a")).toBeUndefined();
  const failed = { what: "broken", cell: { cannot: "sleeps" } };
  expect(ratioOf({ ...SAMPLE_ROW, floor: failed, cells }, "a")).toBeUndefined();
});

test("less cost is better, of times and of rates", () => {
  const row = {
    ...SAMPLE_ROW,
    floor: { what: "x", cell: { values: [10] } },
    cells: { a: { values: [20] } },
  };
  expect(costOf({ ...row, better: "lower" }, "a")).toBe(2);
  expect(costOf({ ...row, better: "higher" }, "a")).toBe(0.5);
});

test("a report fails where the service or a floor failed, not where a peer did", () => {
  expect(failuresOf(SAMPLE_REPORT)).toEqual([]);
  const [row] = SAMPLE_REPORT.rows;
  if (row === undefined) throw new Error("Cannot test: the sample has no row");
  const broken = { ...row, cells: { ...row.cells, "sif-edge": { cannot: "status 500" } } };
  expect(failuresOf({ ...SAMPLE_REPORT, rows: [broken] })).toEqual([
    "cold: first byte: sif-edge: status 500",
  ]);
  const floorless = { ...row, floor: { ...row.floor, cell: { cannot: "status 404" } } };
  expect(failuresOf({ ...SAMPLE_REPORT, rows: [floorless] })).toEqual([
    "cold: first byte: floor: status 404",
  ]);
});
