import { beforeEach, describe, expect, it, vi } from "vitest";
import { RegistryError } from "../errors.ts";
import type { ListOptions } from "../upstream/registry-client.ts";
import { type CatalogSource, listRepositories } from "./catalog.ts";

const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.spyOn(console, "log").mockReturnValue();
});

/** A registry that pages, by names or by tokens. */
function source(registry: string, names: readonly string[], by: "name" | "token" = "name"): CatalogSource {
  return {
    registry,
    byName: false,
    // oxlint-disable-next-line typescript/require-await -- in place of a call over the network
    page: async ({ n = Infinity, last }: ListOptions) => {
      asked.push(`${registry} ${last ?? ""}`.trim());
      const token = last?.replace("?next_page=", "");
      const start = last === undefined ? 0 : by === "name" ? names.indexOf(last) + 1 : Number(token);
      const repositories = names.slice(start, start + n);
      const end = start + repositories.length;
      if (end >= names.length) return { repositories };
      return {
        repositories,
        next: { n, last: by === "name" ? (repositories.at(-1) ?? "") : `?next_page=${end}` },
      };
    },
  };
}

function failing(
  registry: string,
  code: "unsupported" | "upstream-denied" | "upstream-timeout",
): CatalogSource {
  return {
    registry,
    byName: false,
    page: () => Promise.reject(new RegistryError(code, `Cannot list: ${code}`)),
  };
}

const LAB = source("lab", ["a/1", "a/2", "b/3"]);
const QUAY = source("quay.io", ["x/1", "x/2", "x/3"], "token");
const everything = () => true;

async function walk(sources: readonly CatalogSource[], n: number, visible = everything as typeof onlyTwos) {
  const pages: (readonly string[])[] = [];
  let last: string | undefined;
  do {
    const page = await listRepositories({ sources, n, last, visible });
    pages.push(page.repositories);
    last = page.next?.last;
  } while (last !== undefined && pages.length < 50);
  return pages;
}

function onlyTwos({ repository }: { readonly repository: string }): boolean {
  return repository.endsWith("/2");
}

describe("listRepositories()", () => {
  const all = ["lab/a/1", "lab/a/2", "lab/b/3", "quay.io/x/1", "quay.io/x/2", "quay.io/x/3"];

  it.each([1, 2, 3, 4, 5, 6, 100])("leads through all registries in pages of %d", async (n) => {
    const pages = await walk([QUAY, LAB], n);
    expect(pages.flat()).toEqual(all);
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(n);
  });

  it("goes on behind a name that a client made of the last entry itself", async () => {
    const page = await listRepositories({
      sources: [LAB, QUAY],
      n: 100,
      last: "lab/a/2",
      visible: everything,
    });
    expect(page.repositories).toEqual(all.slice(2));
  });

  it("begins with the next registry where the one it stopped at is gone", async () => {
    const page = await listRepositories({
      sources: [LAB, QUAY],
      n: 9,
      last: "ghcr.io/z",
      visible: everything,
    });
    expect(page.repositories).toEqual(all);
    const end = await listRepositories({ sources: [LAB], n: 9, last: "zzz/z", visible: everything });
    expect(end).toEqual({ repositories: [], unanswered: [] });
  });

  it("shows only what may be shown, and fills its pages all the same", async () => {
    const pages = await walk([QUAY, LAB], 2, onlyTwos);
    expect(pages.filter((page) => page.length > 0).flat()).toEqual(["lab/a/2", "quay.io/x/2"]);
  });

  it("ends a page early rather than ask for ever", async () => {
    const names = Array.from({ length: 30_000 }, (_, at) => `a${at}/1`);
    const sources = [source("lab", [...names, "b/2"]), QUAY];
    const page = await listRepositories({ sources, n: 3, last: undefined, visible: onlyTwos });
    expect(asked).toHaveLength(20);
    // Nothing of what may not be shown, not even to say where to go on: so it has to be passed over.
    expect(page).toEqual({ repositories: [], unanswered: ["lab"], next: { n: 3, last: "quay.io/" } });
  });

  it("goes on behind what it has shown where it ended a page early", async () => {
    const names = Array.from({ length: 30_000 }, (_, at) => `a${at}/1`);
    const request = { sources: [source("lab", ["a/2", ...names])], n: 3, visible: onlyTwos };
    const page = await listRepositories({ ...request, last: undefined });
    expect(page).toEqual({ repositories: ["lab/a/2"], unanswered: [], next: { n: 3, last: "lab/a/2" } });
  });

  it.each([1, 2, 3, 4])("names nothing in a cursor that it does not show, in pages of %d", async (n) => {
    const names = ["a/1", "a/2", "b/1", "c/1", "c/2", "d/1", "d/2", "e/1"];
    let last: string | undefined;
    const shown: string[] = [];
    do {
      const page = await listRepositories({ sources: [source("lab", names)], n, last, visible: onlyTwos });
      expect(page.repositories.length).toBeLessThanOrEqual(n);
      shown.push(...page.repositories);
      last = page.next?.last;
      if (last !== undefined) expect(shown).toContain(last);
    } while (last !== undefined);
    expect(shown).toEqual(["lab/a/2", "lab/c/2", "lab/d/2"]);
  });

  it("leaves out what is no name of a repository, by which another could be meant", async () => {
    const names = ["a/1", "a/../secret/1", "a/1?x=", "Ä/1", "a/1\r\nb"];
    const page = await listRepositories({
      sources: [source("lab", names)],
      n: 9,
      last: undefined,
      visible: everything,
    });
    expect(page.repositories).toEqual(["lab/a/1"]);
  });

  it("passes over registries without a list, and names those that did not answer", async () => {
    const sources = [failing("docker.io", "upstream-denied"), failing("ghcr.io", "unsupported"), LAB];
    const page = await listRepositories({
      sources: [...sources, failing("slow", "upstream-timeout")],
      n: 100,
      last: undefined,
      visible: everything,
    });
    expect(page).toEqual({ repositories: all.slice(0, 3), unanswered: ["slow"] });
  });
});
