import { expect, test } from "vitest";
import { newestVersionFirst } from "./version-order.ts";

test("versions stand as numbers, the newest first", () => {
  const tags = ["1.9", "1.10", "v2.0", "latest", "1.10-rc1", "1.10.1", "main", "dev"];
  expect(tags.toSorted(newestVersionFirst)).toEqual([
    "latest",
    "v2.0",
    "1.10.1",
    "1.10",
    "1.10-rc1",
    "1.9",
    "main",
    "dev",
  ]);
});

test("dates and long numbers are compared whole", () => {
  const tags = ["20260102", "20251231", "99999999999999999999", "100000000000000000000"];
  expect(tags.toSorted(newestVersionFirst)).toEqual([
    "100000000000000000000",
    "99999999999999999999",
    "20260102",
    "20251231",
  ]);
});
