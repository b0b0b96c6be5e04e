import { describe, expect, it } from "vitest";
import { loadConfig } from "../config.ts";
import { BlobSources } from "./sources.ts";

const config = loadConfig({ UPSTREAMS: { lab: { url: "https://lab.example" } } });
const own = { registry: "lab", repository: "team/tool" };
const lent = { ...own, credentials: { kind: "registry", registryToken: "secret" } } as const;

describe("the sources of a fill that are stored", () => {
  it.each([
    ["a repository that is asked for again with lent credentials", [own, lent]],
    ["a repository that was asked for with lent credentials first", [lent, own]],
    ["a repository that is asked for twice", [own, own]],
  ])("are %s, without them", (_what, sources) => {
    expect(new BlobSources(config, sources).storable()).toEqual([own]);
  });

  it("are none where all credentials are lent", () => {
    expect(new BlobSources(config, [lent, lent]).storable()).toEqual([]);
  });

  const many = Array.from({ length: 6 }, (_, index) => ({ registry: "lab", repository: `team/r${index}` }));

  it("are the best ones of those that are given", () => {
    expect(new BlobSources(config, many).storable()).toEqual(many.slice(0, 4));
  });

  it("are the latest ones of those that are added", () => {
    const sources = new BlobSources(config);
    for (const source of many) sources.add(source);
    expect(sources.storable()).toEqual(many.slice(2));
  });
});
