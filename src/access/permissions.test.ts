import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Scope, loadConfig } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { ANONYMOUS, type Caller, type Grant } from "./grant.ts";
import {
  canList,
  canListSome,
  canPull,
  isOpenToAll,
  isPublic,
  requirePermission,
  requireRegistry,
} from "./permissions.ts";

const SCOPES: readonly Scope[] = ["pull", "push", "link", "admin"];

const UPSTREAMS = {
  "ghcr.io": { url: "https://ghcr.io" },
  vault: { url: "https://vault.example", access: "private" },
};
const CONFIG = loadConfig({ UPSTREAMS });
const LOCAL_PUBLIC = loadConfig({ UPSTREAMS, LOCAL_ACCESS: "public" });

const OPEN = { registry: "ghcr.io", repository: "org/img" };
const SECRET = { registry: "vault", repository: "org/img" };
const LOCAL = { registry: "local", repository: "img" };
const FOREIGN = { registry: "quay.io", repository: "org/img" };

function holder(...grants: readonly Grant[]): Caller {
  return { name: "ci", grants };
}

const NOBODY = holder();

function verdict(caller: Caller, scope: Scope, target: typeof OPEN, config = CONFIG): string {
  try {
    requirePermission(caller, scope, target, config);
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
  return "allowed";
}

test("anyone may read what is public", () => {
  expect(verdict(ANONYMOUS, "pull", OPEN)).toBe("allowed");
  expect(verdict(NOBODY, "pull", OPEN)).toBe("allowed");
  expect(verdict(ANONYMOUS, "pull", LOCAL, LOCAL_PUBLIC)).toBe("allowed");
});

test("without a token nothing else is allowed, and the answer asks for one", () => {
  for (const scope of ["push", "link", "admin"] as const) {
    for (const target of [OPEN, SECRET, LOCAL]) {
      expect(verdict(ANONYMOUS, scope, target, LOCAL_PUBLIC)).toBe("unauthorized");
    }
  }
  expect(verdict(ANONYMOUS, "pull", SECRET)).toBe("unauthorized");
  expect(verdict(ANONYMOUS, "pull", LOCAL)).toBe("unauthorized");
});

test("a token without the scope for it is refused", () => {
  for (const scope of SCOPES) expect(verdict(NOBODY, scope, SECRET)).toBe("forbidden");
});

test("each scope allows its own and no other", () => {
  for (const held of SCOPES) {
    const caller = holder({ actions: [held], repositories: ["vault/org/img"] });
    for (const wanted of SCOPES) {
      expect(verdict(caller, wanted, SECRET)).toBe(held === wanted ? "allowed" : "forbidden");
    }
  }
});

test("a grant is for the repositories that it names", () => {
  const caller = holder({ actions: SCOPES, repositories: ["vault/org/*", "local/img"] });
  expect(verdict(caller, "push", SECRET)).toBe("allowed");
  expect(verdict(caller, "push", LOCAL)).toBe("allowed");
  expect(verdict(caller, "push", { registry: "vault", repository: "organisation/img" })).toBe("forbidden");
  expect(verdict(caller, "push", { registry: "local", repository: "img2" })).toBe("forbidden");
  expect(verdict(caller, "push", OPEN)).toBe("forbidden");
});

test("a scope of one grant is not lent to the repositories of another", () => {
  const caller = holder(
    { actions: ["push"], repositories: ["local/*"] },
    { actions: ["pull"], repositories: ["vault/*"] },
  );
  expect(verdict(caller, "push", SECRET)).toBe("forbidden");
  expect(verdict(caller, "pull", LOCAL)).toBe("forbidden");
});

test("a registry that is not configured is refused to everyone alike", () => {
  const all = holder({ actions: SCOPES, repositories: ["*"] });
  for (const caller of [ANONYMOUS, NOBODY, all]) {
    for (const scope of SCOPES) expect(verdict(caller, scope, FOREIGN)).toBe("registry-not-allowed");
  }
});

test("names that objects have by nature are not registries", () => {
  for (const registry of ["constructor", "__proto__", "toString", ""]) {
    expect(verdict(ANONYMOUS, "pull", { registry, repository: "x" })).toBe("registry-not-allowed");
  }
});

test("the messages say what was asked and what would help", () => {
  expect(() => {
    requirePermission(ANONYMOUS, "push", LOCAL, CONFIG);
  }).toThrow('Cannot change "local/img": it needs an access token with the scope "push" for it');
  expect(() => {
    requirePermission(NOBODY, "link", SECRET, CONFIG);
  }).toThrow(
    'Cannot make links for "vault/org/img": the access token "ci" does not have the scope "link" for it',
  );
  expect(() => requireRegistry("quay.io", CONFIG)).toThrow(
    'Cannot use registry "quay.io": it is not configured here; open to all are ghcr.io',
  );
  expect(() => requireRegistry("quay.io", loadConfig({ UPSTREAMS: {} }))).toThrow(/not configured here$/);
});

test("a token from /token that was made for less than its owner may asks for another", () => {
  const config = loadConfig({
    UPSTREAMS,
    ACCESS_TOKENS: { ci: { sha256: "0".repeat(64), scopes: ["pull", "push"], repositories: ["vault/*"] } },
  });
  expect(verdict(NOBODY, "push", SECRET, config)).toBe("unauthorized");
  expect(verdict(NOBODY, "push", LOCAL, config)).toBe("forbidden");
  expect(verdict(NOBODY, "admin", SECRET, config)).toBe("forbidden");
});

test("what may be pulled may be listed; what may be listed may not be pulled", () => {
  const lister = holder({ actions: ["list"], repositories: ["vault/*"] });
  expect([canPull(lister, SECRET, CONFIG), canList(lister, SECRET, CONFIG)]).toEqual([false, true]);
  expect(verdict(lister, "pull", SECRET)).toBe("forbidden");
  const reader = holder({ actions: ["pull"], repositories: ["vault/*"] });
  expect([canPull(reader, SECRET, CONFIG), canList(reader, SECRET, CONFIG)]).toEqual([true, true]);
  expect([canPull(NOBODY, SECRET, CONFIG), canList(NOBODY, SECRET, CONFIG)]).toEqual([false, false]);
  expect([canPull(ANONYMOUS, OPEN, CONFIG), canList(ANONYMOUS, OPEN, CONFIG)]).toEqual([true, true]);
  const all = holder({ actions: ["pull", "list"], repositories: ["*"] });
  expect([canPull(all, FOREIGN, CONFIG), canList(all, FOREIGN, CONFIG)]).toEqual([false, false]);
});

test("canPull() says the same as requirePermission(), for any caller and target", () => {
  const grant = fc.record({
    actions: fc.subarray([...SCOPES]),
    repositories: fc.subarray(["*", "vault/*", "local/*", "ghcr.io/org/img", "*/img"]),
  });
  const caller = fc.record({
    name: fc.constantFrom(undefined, "ci"),
    grants: fc.array(grant, { maxLength: 3 }),
  });
  const target = fc.constantFrom(OPEN, SECRET, LOCAL, FOREIGN);
  fc.assert(
    fc.property(caller, target, fc.constantFrom(CONFIG, LOCAL_PUBLIC), (caller, target, config) => {
      expect(canPull(caller, target, config)).toBe(verdict(caller, "pull", target, config) === "allowed");
    }),
  );
});

test("a registry is public as the settings have it", () => {
  expect(["ghcr.io", "vault", "local", "quay.io"].map((name) => isPublic(name, CONFIG))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(isPublic("local", LOCAL_PUBLIC)).toBe(true);
  expect(requireRegistry("local", CONFIG)).toBe("private");
});

test("the service is open to all where every upstream is public and nobody has a token", () => {
  const ACCESS_TOKENS = { ci: { sha256: "0".repeat(64), scopes: ["pull"], repositories: ["*"] } };
  expect(isOpenToAll(loadConfig({}))).toBe(true);
  expect(isOpenToAll(loadConfig({ UPSTREAMS: {} }))).toBe(true);
  expect(isOpenToAll(CONFIG)).toBe(false);
  expect(isOpenToAll(loadConfig({ ACCESS_TOKENS }))).toBe(false);
});

test("a registry need not be asked where nothing of it may be told", () => {
  const some = (caller: Caller) =>
    ["ghcr.io", "vault", "quay.io"].map((name) => canListSome(caller, name, CONFIG));
  expect(some(ANONYMOUS)).toEqual([true, false, false]);
  expect(some(holder({ actions: ["push"], repositories: ["*"] }))).toEqual([true, false, false]);
  expect(some(holder({ actions: ["pull"], repositories: ["vault/a"] }))).toEqual([true, true, false]);
  expect(some(holder({ actions: ["list"], repositories: ["vault/a"] }))).toEqual([true, true, false]);
});
