import { expect, test } from "vitest";
import { nextPage } from "./next-page.js";

const PAGE = new URL("https://sif.example/v1/tags/lab/x?n=2");

test.each([
  ['</v1/tags/lab/x?last=b>; rel="next"', "https://sif.example/v1/tags/lab/x?last=b"],
  ["<https://sif.example/v1/tags/lab/x?last=b>; rel=next", "https://sif.example/v1/tags/lab/x?last=b"],
  ['<a>; rel="prev", <b>; title="x"; rel="next"', "https://sif.example/v1/tags/lab/b"],
  ['<https://evil.example/x>; rel="next"', undefined],
  ['<https://sif.example/v1/tags/lab/x?n=2>; rel="next"', undefined],
  ['</x>; rel="prev"', undefined],
  [undefined, undefined],
])("nextPage(%j) is %j", (header, expected) => {
  expect(nextPage(header, PAGE)?.href).toBe(expected);
});
