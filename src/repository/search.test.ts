import { describe, expect, it } from "vitest";
import type { ListOptions, TagPage } from "../upstream/registry-client.ts";
import { allTags } from "./search.ts";

const { signal } = new AbortController();

describe("allTags()", () => {
  it("reads all pages", async () => {
    const pages: Readonly<Record<string, TagPage>> = {
      "": { tags: ["a", "b"], next: { last: "b" } },
      b: { tags: ["c"] },
    };
    const tags = ({ last = "" }: ListOptions) => Promise.resolve(pages[last] ?? { tags: [] });
    expect(await allTags({ tags }, signal)).toEqual({ tags: ["a", "b", "c"], complete: true });
  });

  it("ends, and says so, where an upstream makes up pages for ever", async () => {
    let asked = 0;
    const tags = () => Promise.resolve({ tags: [`t${asked}`], next: { last: `t${asked++}` } });
    const found = await allTags({ tags }, signal);
    expect(asked).toBeLessThanOrEqual(50);
    expect(found).toMatchObject({ complete: false });
    expect(found.tags).toHaveLength(asked);
  });
});
