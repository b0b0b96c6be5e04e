import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextPage, pageQuery } from "./pagination.ts";

const BASE = new URL("https://registry.example/v2/a/tags/list?n=2");
const ASKED = { n: 2 };

describe("nextPage()", () => {
  test.each([
    ['</v2/a/tags/list?last=b&n=2>; rel="next"', { n: 2, last: "b" }],
    ["<https://registry.example/v2/a/tags/list?n=2&last=b>;rel=next", { n: 2, last: "b" }],
    ['<?last=b>; rel="next"', { n: 2, last: "b" }],
    [
      '</x?last=z>; rel="prev", </v2/a/tags/list?last=b&n=5>; title="a, b"; REL="last next"',
      { n: 5, last: "b" },
    ],
    // Of a host that only the upstream knows: read, and never called.
    ['<http://10.0.0.1:5000/v2/a/tags/list?last=b&n=2>; rel="next"', { n: 2, last: "b" }],
    // Of an upstream that pages by tokens.
    ['</v2/a/tags/list?next_page=gAAA%3D%3D&n=2>; rel="next"', { n: 2, last: "?next_page=gAAA==" }],
    // Without what it ought to say: the specification has the last entry there.
    ['</v2/a/tags/list>; rel="next"', { n: 2, last: "tag2" }],
    ['</v2/a/tags/list?last=b&n=-1>; rel="next"', { last: "b" }],
    ['</v2/a/tags/list?last=b>; rel="previous"', undefined],
    ['<https://[>; rel="next"', undefined],
    ["nonsense", undefined],
    ["", undefined],
    [null, undefined],
  ])("reads %j", (header, page) => {
    expect(nextPage(header, BASE, ASKED, ["tag1", "tag2"])).toEqual(page);
  });

  test("a page that leads to itself is the last", () => {
    expect(nextPage('<?last=b>; rel="next"', BASE, { n: 2, last: "b" }, [])).toBeUndefined();
  });

  test("takes any header", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("<", ">", ";", ",", "=", '"', "?", " ", "rel", "next", "last", "/"),
        }),
        (header) => {
          expect(() => nextPage(header, BASE, ASKED, [])).not.toThrow();
        },
      ),
    );
  });
});

test("pageQuery() asks for what nextPage() gave", () => {
  expect(pageQuery({})).toBe("");
  expect(pageQuery({ n: 2, last: "b/c" })).toBe("?n=2&last=b%2Fc");
  expect(pageQuery({ n: 2, last: "?next_page=gAAA==&x=1" })).toBe("?n=2&next_page=gAAA%3D%3D%26x%3D1");
});
