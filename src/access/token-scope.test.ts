import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { CATALOG_SCOPE, parseScopes, repositoryScope } from "./token-scope.ts";

/** What was asked for, as plain data. */
function asked(...texts: readonly string[]): unknown {
  const { repositories, catalog } = parseScopes(texts);
  return [Object.fromEntries([...repositories].map(([name, actions]) => [name, [...actions]])), catalog];
}

test.each([
  ["repository:ghcr.io/org/img:pull", { "ghcr.io/org/img": ["pull"] }],
  ["repository:ghcr.io/org/img:push,pull", { "ghcr.io/org/img": ["push", "pull"] }],
  ["repository:lab:5000/img:pull", { "lab:5000/img": ["pull"] }],
  ["repository:docker.io/alpine:pull", { "docker.io/library/alpine": ["pull"] }],
  ["repository:a/b:push,pull,delete", { "a/b": ["push", "pull"] }],
  ["repository:a/b:delete", { "a/b": ["push"] }],
  ["repository:a/b:*", { "a/b": ["pull", "push"] }],
  ["repository:a/b:pull repository:c/d:push", { "a/b": ["pull"], "c/d": ["push"] }],
  ["repository:a/b:pull  repository:a/b:push", { "a/b": ["pull", "push"] }],
  ["repository:a/b:", { "a/b": [] }],
  ["repository:a/b:constructor,link,admin", { "a/b": [] }],
])("%s asks for repositories", (text, repositories) => {
  expect(asked(text)).toEqual([repositories, false]);
});

test("several parameters are taken together", () => {
  expect(asked("repository:a/b:pull", "repository:a/b:push repository:c/d:pull")).toEqual([
    { "a/b": ["pull", "push"], "c/d": ["pull"] },
    false,
  ]);
});

test("the catalog is asked for", () => {
  expect(asked("registry:catalog:*")).toEqual([{}, true]);
  expect(asked(CATALOG_SCOPE)).toEqual([{}, true]);
});

test.each([
  [""],
  ["repository"],
  ["repository:a/b"],
  ["repository:a:pull"],
  ["repository:*:pull"],
  ["repository:a/*:pull"],
  ["repository:A/b:pull"],
  ["repository:../b:pull"],
  ["repository(plugin):a/b:pull"],
  ["registry:catalog:pull"],
  ["registry:other:*"],
  ["Repository:a/b:pull"],
])("%j asks for nothing that is known here", (text) => {
  expect(asked(text)).toEqual([{}, false]);
});

test("too many scopes are refused", () => {
  const scopes = Array.from({ length: 17 }, (_, index) => `repository:a/b${index}:pull`);
  expect(parseScopes([scopes.slice(1).join(" ")]).repositories.size).toBe(16);
  for (const texts of [scopes, [scopes.join(" ")]]) {
    expect(() => parseScopes(texts)).toThrow(expect.objectContaining({ code: "invalid-request" }));
  }
});

test("the scope of a challenge is read back as what it is for", () => {
  const target = { registry: "lab:5000", repository: "org/img" };
  expect(repositoryScope(target, "pull")).toBe("repository:lab:5000/org/img:pull");
  expect(repositoryScope(target, "push")).toBe("repository:lab:5000/org/img:pull,push");
  expect(asked(repositoryScope(target, "push"))).toEqual([{ "lab:5000/org/img": ["pull", "push"] }, false]);
});

test("any text is read or refused, and nothing that it asks for is a pattern", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^(repository|registry)(:[a-z*/.]{0,9}){0,4}(:(pull|push|\*|,){0,3})?( .*)?$/),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      try {
        for (const name of parseScopes(texts).repositories.keys()) expect(name).toMatch(/^[a-z0-9._:/-]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(RegistryError);
        expect(error).toMatchObject({ code: "invalid-request" });
      }
    }),
  );
});
