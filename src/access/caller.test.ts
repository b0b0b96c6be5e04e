import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { ANONYMOUS, authenticate } from "./caller.ts";
import { issueRegistryToken } from "./registry-token.ts";
import { parseScopes } from "./token-scope.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const CONFIG = loadConfig({
  ACCESS_TOKENS: {
    ci: { sha256: sha256("ci-token"), scopes: ["pull", "push"], repositories: ["local/*"] },
    Zoë: { sha256: sha256("zoë-token"), scopes: ["pull"], repositories: ["*"] },
    dotted: { sha256: sha256(`a.b.${"c".repeat(43)}`), scopes: ["pull"], repositories: ["*"] },
    ends: {
      sha256: sha256("end-token"),
      scopes: ["pull"],
      repositories: ["*"],
      expires: "2026-11-20T12:00:00Z",
    },
  },
});

const CI = { name: "ci", grants: [{ actions: ["pull", "push"], repositories: ["local/*"] }] };

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function ask(authorization: string, nowMs = NOW_MS): Promise<unknown> {
  return authenticate(new Headers({ authorization }), CONFIG, nowMs).catch((error: unknown) => error);
}

test("without credentials the caller is anonymous", async () => {
  expect(await authenticate(new Headers(), CONFIG, NOW_MS)).toBe(ANONYMOUS);
});

test("an access token is taken as Bearer, and as Basic with its name", async () => {
  expect(await ask("Bearer ci-token")).toEqual(CI);
  expect(await ask(basic("ci:ci-token"))).toEqual(CI);
  expect(await ask(basic("Zoë:zoë-token"))).toMatchObject({ name: "Zoë" });
});

test("an access token may have the form of a JWT", async () => {
  expect(await ask(`Bearer a.b.${"c".repeat(43)}`)).toMatchObject({ name: "dotted" });
});

test.each([
  ["a wrong token", "Bearer hunter2"],
  ["a right token and more", "Bearer ci-tokenhunter2"],
  ["a token's hash", `Bearer ${sha256("ci-token")}`],
  ["a wrong token with a right name", basic("ci:hunter2")],
  ["a right token with another's name", basic("Zoë:ci-token")],
  ["a right token with an unknown name", basic("hunter2:ci-token")],
  ["a right token with a name in other case", basic("CI:ci-token")],
  ["a right token without a name", basic(":ci-token")],
  ["name and token the wrong way round", basic("ci-token:ci")],
  ["something like a JWT", `Bearer hunter2.hunter2.${"A".repeat(43)}`],
  ["something like a JWT, as Basic", basic(`ci:hunter2.hunter2.${"A".repeat(43)}`)],
  ["another scheme", "Digest hunter2"],
  ["a bare token", "ci-token"],
  ["nothing", ""],
])("%s is refused, and the message repeats none of it", async (_what, header) => {
  const error = await ask(header);
  expect(error).toBeInstanceOf(RegistryError);
  expect(error).toMatchObject({ code: "unauthorized", status: 401 });
  expect(error instanceof Error && error.message).not.toMatch(/hunter2|ci-token/);
});

test("two headers are not two chances", async () => {
  const headers = new Headers({ authorization: "Bearer hunter2" });
  headers.append("authorization", "Bearer ci-token");
  await expect(authenticate(headers, CONFIG, NOW_MS)).rejects.toMatchObject({ code: "unauthorized" });
});

test("an expired token is refused, and its owner told so", async () => {
  expect(await ask("Bearer end-token", NOW_MS - 1)).toMatchObject({ name: "ends" });
  expect(await ask("Bearer end-token")).toMatchObject({
    code: "unauthorized",
    message: 'Cannot sign in: the access token "ends" expired at 2026-11-20T12:00:00.000Z',
  });
});

test("where there are no access tokens, none is right", async () => {
  const headers = new Headers({ authorization: "Bearer ci-token" });
  await expect(authenticate(headers, loadConfig({}), NOW_MS)).rejects.toMatchObject({ code: "unauthorized" });
});

test("a token that /token gave is taken as Bearer only", async () => {
  const requested = parseScopes(["repository:local/a:pull"]);
  const { token } = await issueRegistryToken(
    await authenticate(new Headers({ authorization: "Bearer ci-token" }), CONFIG, NOW_MS),
    requested,
    CONFIG,
    NOW_MS,
  );
  expect(await ask(`Bearer ${token}`)).toEqual({
    name: "ci",
    grants: [{ actions: ["pull"], repositories: ["local/a"] }],
  });
  expect(await ask(basic(`ci:${token}`))).toMatchObject({ code: "unauthorized" });
});

test("an anonymous caller may come with the token that /token gave", async () => {
  const { token } = await issueRegistryToken(ANONYMOUS, parseScopes([]), CONFIG, NOW_MS);
  expect(await ask(`Bearer ${token}`)).toEqual(ANONYMOUS);
});

test("any credentials but the right ones are unauthorized", async () => {
  const credentials = fc.oneof(
    fc.string().map((text) => `Bearer ${text}`),
    fc
      .tuple(fc.constantFrom("ci", "Zoë", "x"), fc.string())
      .map(([name, token]) => basic(`${name}:${token}`)),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(credentials, async (header) => {
      expect(await ask(header)).toMatchObject({ code: "unauthorized" });
    }),
  );
});
