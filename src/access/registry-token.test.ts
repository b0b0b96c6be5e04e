import * as fc from "fast-check";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import { type Config, type Settings, loadConfig } from "../config.ts";
import { parseDigest } from "../oci/digest.ts";
import { signJwt } from "./compact-jwt.ts";
import { ANONYMOUS, type Caller, ownGrants } from "./grant.ts";
import { signLink, verifyLink } from "./link-token.ts";
import { requirePermission } from "./permissions.ts";
import { registryTokenKey } from "./registry-token-key.ts";
import { issueRegistryToken, verifyRegistryToken } from "./registry-token.ts";
import { parseScopes } from "./token-scope.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

const CI = { sha256: "a".repeat(64), scopes: ["pull", "push"], repositories: ["local/*"] };
const READER = { sha256: "b".repeat(64), scopes: ["pull"], repositories: ["*"] };
const KEYS = { k1: Buffer.alloc(32, 1).toString("base64"), k2: Buffer.alloc(32, 2).toString("base64") };

const SETTINGS = { ACCESS_TOKENS: { ci: CI, reader: READER }, LINK_KEYS: { k1: KEYS.k1 } } satisfies Settings;
const CONFIG = loadConfig(SETTINGS);
const KEYLESS = loadConfig({ ACCESS_TOKENS: SETTINGS.ACCESS_TOKENS });

const CLAIMS = {
  aud: "sif-edge/registry",
  sub: "ci",
  iat: NOW_MS / 1000,
  exp: NOW_MS / 1000 + 60,
  jti: "x",
  access: [{ type: "repository", name: "local/a", actions: ["pull"] }],
};

function owner(name: string, config = CONFIG): Caller {
  const token = config.accessTokens.get(name);
  if (token === undefined) throw new Error(`No access token ${name}`);
  return { name, grants: ownGrants(token) };
}

async function issue(caller: Caller, scope: string, config = CONFIG): Promise<string> {
  return (await issueRegistryToken(caller, parseScopes([scope]), config, NOW_MS)).token;
}

function verify(token: string, config = CONFIG, nowMs = NOW_MS): Promise<Caller> {
  return verifyRegistryToken(token, config, nowMs);
}

function withTokens(ACCESS_TOKENS: unknown): Config {
  return loadConfig({ ...SETTINGS, ACCESS_TOKENS });
}

test.each([
  ["with keys for links", CONFIG],
  ["without keys for links", KEYLESS],
])("a token brings back its owner with what was asked for, %s", async (_what, config) => {
  const token = await issue(
    owner("ci", config),
    "repository:local/a:pull,push repository:local/b:pull",
    config,
  );
  expect(await verify(token, config)).toEqual({
    name: "ci",
    grants: [
      { actions: ["pull", "push"], repositories: ["local/a"] },
      { actions: ["pull"], repositories: ["local/b"] },
    ],
  });
});

test("a token allows nothing that its owner may not", async () => {
  const token = await issue(owner("ci"), "repository:ghcr.io/org/img:pull,push repository:local/a:*");
  expect((await verify(token)).grants).toEqual([{ actions: ["pull", "push"], repositories: ["local/a"] }]);
  const reader = await issue(owner("reader"), "repository:local/a:pull,push");
  expect((await verify(reader)).grants).toEqual([{ actions: ["pull"], repositories: ["local/a"] }]);
});

test("a token without a scope shows that its owner signed in, and allows nothing", async () => {
  expect(await verify(await issue(owner("ci"), ""))).toEqual({ name: "ci", grants: [] });
});

test("an anonymous caller gets a token that stays anonymous", async () => {
  for (const config of [CONFIG, KEYLESS, loadConfig({})]) {
    const token = await issue(ANONYMOUS, "repository:ghcr.io/org/img:pull,push registry:catalog:*", config);
    expect(await verify(token, config)).toEqual({ name: undefined, grants: [] });
  }
});

test("a token for the catalog lists what its owner may pull, and does not pull it", async () => {
  const caller = await verify(await issue(owner("reader"), "registry:catalog:*"));
  expect(caller.grants).toEqual([{ actions: ["list"], repositories: ["*"] }]);
  const target = { registry: "local", repository: "a" };
  expect(() => {
    requirePermission(caller, "pull", target, CONFIG);
  }).toThrow(expect.objectContaining({ code: "unauthorized" }));
  const pusher = withTokens({ ci: { ...CI, scopes: ["push"] } });
  expect(
    (await verify(await issue(owner("ci", pusher), "registry:catalog:*", pusher), pusher)).grants,
  ).toEqual([]);
});

test("a token lasts six hours, longer than any upload, and no longer than its access token", async () => {
  const token = await issueRegistryToken(owner("ci"), parseScopes([]), CONFIG, NOW_MS + 999);
  expect(token).toMatchObject({ expiresInSeconds: 21_600, issuedAt: new Date(NOW_MS) });
  expect(await verify(token.token, CONFIG, NOW_MS + 6 * HOUR_MS - 1)).toMatchObject({ name: "ci" });
  await expect(verify(token.token, CONFIG, NOW_MS + 6 * HOUR_MS)).rejects.toMatchObject({
    code: "unauthorized",
  });

  const brief = withTokens({ ci: { ...CI, expires: "2026-11-20T12:30:00Z" } });
  const short = await issueRegistryToken(owner("ci", brief), parseScopes([]), brief, NOW_MS);
  expect(short.expiresInSeconds).toBe(1800);
  await expect(verify(short.token, brief, NOW_MS + HOUR_MS / 2)).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test.each<[string, unknown]>([
  ["removed", { reader: READER }],
  ["replaced", { ci: { ...CI, sha256: "c".repeat(64) } }],
  ["renamed", { robot: CI }],
  ["expired since", { ci: { ...CI, expires: "2026-11-20T12:00:00Z" } }],
])("a token ends with an access token that is %s", async (_what, tokens) => {
  const token = await issue(owner("ci"), "repository:local/a:pull,push");
  await expect(verify(token, withTokens(tokens))).rejects.toMatchObject({ code: "unauthorized" });
  const keyless = await issue(owner("ci", KEYLESS), "repository:local/a:pull,push", KEYLESS);
  const after = loadConfig({ ACCESS_TOKENS: tokens });
  await expect(verify(keyless, after)).rejects.toMatchObject({ code: "unauthorized" });
});

test("a token allows what its owner may by now, not by then", async () => {
  const token = await issue(owner("ci"), "repository:local/a:pull,push");
  const less = withTokens({ ci: { ...CI, scopes: ["pull"] } });
  expect((await verify(token, less)).grants).toEqual([{ actions: ["pull"], repositories: ["local/a"] }]);
  const elsewhere = withTokens({ ci: { ...CI, repositories: ["local/b"] } });
  expect((await verify(token, elsewhere)).grants).toEqual([{ actions: [], repositories: ["local/a"] }]);
});

test("new keys for links leave tokens alone as long as the old one is listed", async () => {
  const token = await issue(owner("ci"), "repository:local/a:pull");
  const rotated = loadConfig({ ...SETTINGS, LINK_KEYS: { k2: KEYS.k2, k1: KEYS.k1 } });
  expect(await verify(token, rotated)).toMatchObject({ name: "ci" });
  const removed = loadConfig({ ...SETTINGS, LINK_KEYS: { k2: KEYS.k2 } });
  await expect(verify(token, removed)).rejects.toMatchObject({ code: "unauthorized" });
  await expect(verify(token, KEYLESS)).rejects.toMatchObject({ code: "unauthorized" });
  await expect(verify(await issue(owner("ci"), "", KEYLESS), CONFIG)).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test("each key for links and each access token makes a key of its own, and none is the key for links", async () => {
  const config = loadConfig({ ...SETTINGS, LINK_KEYS: KEYS });
  const made = new Set<string>([KEYS.k1, KEYS.k2]);
  for (const kid of [undefined, "k1", "k2"]) {
    for (const name of [undefined, "ci", "reader"]) {
      const token = name === undefined ? undefined : config.accessTokens.get(name);
      const key = await registryTokenKey(kid, token, config);
      expect(key.length).toBe(32);
      made.add(Buffer.from(key).toString("base64"));
    }
  }
  expect(made.size).toBe(2 + 9);
});

test("the key of anonymous callers, which without keys for links is no secret, signs for no name", async () => {
  const key = await registryTokenKey(undefined, undefined, KEYLESS);
  for (const sub of ["ci", "nobody"]) {
    const token = await signJwt({ ...CLAIMS, sub }, { typ: "sif-edge-registry+jwt", kid: undefined, key });
    await expect(verify(token, KEYLESS)).rejects.toMatchObject({ code: "unauthorized" });
  }
});

test("a link is no token, and a token is no link", async () => {
  const link = await signLink(
    {
      id: "1",
      repository: "local/a",
      digest: parseDigest(`sha256:${"0".repeat(64)}`),
      filename: "a.sif",
      expiresAtSeconds: NOW_MS / 1000 + 60,
    },
    CONFIG,
    NOW_MS,
  );
  await expect(verify(link)).rejects.toMatchObject({ code: "unauthorized" });
  const token = await issue(owner("ci"), "repository:local/a:pull");
  await expect(verifyLink(token, CONFIG, NOW_MS)).rejects.toMatchObject({ code: "link-invalid" });
});

test("a token says what it is", async () => {
  const token = await issue(owner("ci"), "repository:local/a:pull,push");
  expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "sif-edge-registry+jwt", kid: "k1" });
  expect(decodeJwt(token)).toEqual({
    aud: "sif-edge/registry",
    sub: "ci",
    iat: NOW_MS / 1000,
    exp: NOW_MS / 1000 + 21_600,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    access: [{ type: "repository", name: "local/a", actions: ["pull", "push"] }],
  });
});

async function handmade(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const key = await registryTokenKey("k1", CONFIG.accessTokens.get("ci"), CONFIG);
  return signJwt(claims, { typ: "sif-edge-registry+jwt", kid: "k1", key });
}

test("a token made by hand is taken, so that the test below fails for the reason it names", async () => {
  expect(await verify(await handmade(CLAIMS))).toMatchObject({ name: "ci" });
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ["another audience", { ...CLAIMS, aud: "sif-edge/link" }],
  ["another owner", { ...CLAIMS, sub: "reader" }],
  ["no owner", { ...CLAIMS, sub: undefined }],
  ["an owner that is no text", { ...CLAIMS, sub: ["ci"] }],
  ["an owner named like what objects have by nature", { ...CLAIMS, sub: "constructor" }],
  ["no time", { ...CLAIMS, exp: undefined }],
  ["its time over", { ...CLAIMS, exp: NOW_MS / 1000 }],
  ["a pattern for a repository", { ...CLAIMS, access: [{ ...CLAIMS.access[0], name: "local/*" }] }],
  ["no repository", { ...CLAIMS, access: [{ ...CLAIMS.access[0], name: "" }] }],
  ["an action that tokens do not have", { ...CLAIMS, access: [{ ...CLAIMS.access[0], actions: ["admin"] }] }],
  ["another registry's list", { ...CLAIMS, access: [{ type: "registry", name: "x", actions: ["*"] }] }],
  ["more than a token has", { ...CLAIMS, scope: "*" }],
])("a token signed by its owner with %s is refused", async (_what, claims) => {
  await expect(verify(await handmade(claims))).rejects.toMatchObject({ code: "unauthorized" });
});

test("the longest names and as many scopes as there may be make a token that is still taken", async () => {
  const name = (index: number): string => `local/${"x".repeat(247)}${String(index).padStart(2, "0")}`;
  const scopes = Array.from({ length: 16 }, (_, index) => `repository:${name(index)}:pull,push`);
  const longName = "語".repeat(128);
  const config = withTokens({ [longName]: CI });
  const token = await issue(owner(longName, config), scopes.join(" "), config);
  expect((await verify(token, config)).grants).toHaveLength(16);
});

test("whatever is asked for, a token allows a part of what its owner may", async () => {
  const name = fc.constantFrom("local/a", "local/b/c", "ghcr.io/org/img");
  const action = fc.constantFrom("pull", "push", "delete", "*", "admin", "");
  const scope = fc
    .tuple(name, fc.array(action, { maxLength: 3 }))
    .map(([name, actions]) => `repository:${name}:${actions.join(",")}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(scope, { maxLength: 4 }),
      fc.constantFrom("ci", "reader"),
      async (scopes, name) => {
        const caller = await verify(await issue(owner(name), scopes.join(" ")));
        for (const { actions, repositories } of caller.grants) {
          for (const repository of repositories) {
            const [registry = "", ...rest] = repository.split("/");
            for (const action of actions) {
              if (action === "list") continue;
              requirePermission(owner(name), action, { registry, repository: rest.join("/") }, CONFIG);
            }
          }
        }
      },
    ),
  );
});
