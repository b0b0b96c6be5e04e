import { expect, test } from "vitest";
import { loadConfig } from "../config.ts";
import { ANONYMOUS, type Caller } from "./grant.ts";
import { signJwt } from "./compact-jwt.ts";
import { issueRefreshToken, verifyRefreshToken } from "./refresh-token.ts";
import { registryTokenKey } from "./registry-token-key.ts";
import { issueRegistryToken, verifyRegistryToken } from "./registry-token.ts";
import { parseScopes } from "./token-scope.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 24 * 3_600_000;

const READER = { sha256: "b".repeat(64), scopes: ["pull"], repositories: ["vault/*"] };
const LINK_KEYS = { k1: Buffer.alloc(32, 1).toString("base64") };
const CONFIG = loadConfig({ ACCESS_TOKENS: { reader: READER }, LINK_KEYS });
const KEYLESS = loadConfig({ ACCESS_TOKENS: { reader: READER } });
const SIGNED_IN: Caller = { name: "reader", grants: [] };

const refused = expect.objectContaining({ code: "unauthorized" });

async function issue(config = CONFIG): Promise<string> {
  return (await issueRefreshToken(SIGNED_IN, config, NOW_MS)) ?? expect.unreachable();
}

test.each([CONFIG, KEYLESS])(
  "a refresh token stands for its owner with all that they may do",
  async (config) => {
    expect(await verifyRefreshToken(await issue(config), config, NOW_MS + 179 * DAY_MS)).toEqual({
      name: "reader",
      grants: [{ actions: ["pull"], repositories: ["vault/*"] }],
    });
  },
);

test("an anonymous caller gets none", async () => {
  expect(await issueRefreshToken(ANONYMOUS, CONFIG, NOW_MS)).toBeUndefined();
});

test("it ends after 180 days", async () => {
  await expect(verifyRefreshToken(await issue(), CONFIG, NOW_MS + 180 * DAY_MS)).rejects.toThrow(refused);
});

test.each([
  ["is replaced", { reader: { ...READER, sha256: "c".repeat(64) } }],
  ["is removed", {}],
  ["expires", { reader: { ...READER, expires: new Date(NOW_MS).toISOString() } }],
])("it ends when the access token %s", async (_how, ACCESS_TOKENS) => {
  const config = loadConfig({ ACCESS_TOKENS, LINK_KEYS });
  await expect(verifyRefreshToken(await issue(), config, NOW_MS)).rejects.toThrow(refused);
});

test("it opens no repository, and what opens one does not refresh", async () => {
  await expect(verifyRegistryToken(await issue(), CONFIG, NOW_MS)).rejects.toThrow(refused);
  const scope = parseScopes(["repository:vault/a:pull"]);
  const { token } = await issueRegistryToken(SIGNED_IN, scope, CONFIG, NOW_MS);
  await expect(verifyRefreshToken(token, CONFIG, NOW_MS)).rejects.toThrow(refused);
});

test.each(["", "x", "a.b.c", "reader"])("%j is none", async (text) => {
  await expect(verifyRefreshToken(text, CONFIG, NOW_MS)).rejects.toThrow(refused);
});

test("one that is signed rightly but says something else is none", async () => {
  const owner = CONFIG.accessTokens.get("reader");
  const key = await registryTokenKey("k1", owner, CONFIG);
  const claims = { aud: "sif-edge/token", sub: "reader", iat: 0, exp: NOW_MS, jti: "x" };
  const sign = (more: object) =>
    signJwt({ ...claims, ...more }, { typ: "sif-edge-refresh+jwt", kid: "k1", key });
  expect(await verifyRefreshToken(await sign({}), CONFIG, NOW_MS)).toMatchObject({ name: "reader" });
  for (const more of [{ aud: "sif-edge/registry" }, { exp: "never" }, { admin: true }]) {
    await expect(verifyRefreshToken(await sign(more), CONFIG, NOW_MS)).rejects.toThrow(refused);
  }
});
