import { expect, test } from "vitest";
import { loadConfig } from "../config.ts";

const sha256 = "0123456789abcdef".repeat(4);
const VALID = { sha256, scopes: ["pull"], repositories: ["*"] };

function problem(tokens: unknown): string {
  try {
    loadConfig({ ACCESS_TOKENS: JSON.stringify(tokens) });
  } catch (error) {
    expect(error).toMatchObject({ code: "bad-configuration" });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("Expected a bad configuration, but it was taken");
}

test("tokens are read from text and objects alike", () => {
  const tokens = {
    ci: {
      sha256: sha256.toUpperCase(),
      scopes: ["pull", "push", "link", "admin"],
      repositories: ["ghcr.io/org/*", "local/*", "lab:5000/a_b/c-d"],
      expires: "2027-01-31T12:00:00+01:00",
    },
    "Ada Lovelace": { ...VALID, sha256: "f".repeat(64) },
  };
  const expected = new Map([
    [
      "ci",
      {
        name: "ci",
        sha256,
        scopes: ["pull", "push", "link", "admin"],
        repositories: ["ghcr.io/org/*", "local/*", "lab:5000/a_b/c-d"],
        expiresAtMs: Date.UTC(2027, 0, 31, 11),
      },
    ],
    [
      "Ada Lovelace",
      {
        name: "Ada Lovelace",
        sha256: "f".repeat(64),
        scopes: ["pull"],
        repositories: ["*"],
        expiresAtMs: undefined,
      },
    ],
  ]);
  expect(loadConfig({ ACCESS_TOKENS: tokens }).accessTokens).toEqual(expected);
  expect(loadConfig({ ACCESS_TOKENS: JSON.stringify(tokens) }).accessTokens).toEqual(expected);
});

test.each([
  ["2027-01-31", Date.UTC(2027, 0, 31)],
  ["2027-01-31T12:30:00Z", Date.UTC(2027, 0, 31, 12, 30)],
  ["2027-01-31T12:30:00.250Z", Date.UTC(2027, 0, 31, 12, 30, 0, 250)],
  ["2027-01-31T12:30:00-02:00", Date.UTC(2027, 0, 31, 14, 30)],
])("a token that expires on %s", (expires, time) => {
  const { accessTokens } = loadConfig({ ACCESS_TOKENS: { ci: { ...VALID, expires } } });
  expect(accessTokens.get("ci")?.expiresAtMs).toBe(time);
});

test("docker.io/<name> among the repositories means docker.io/library/<name>", () => {
  const repositories = ["docker.io/alpine", "docker.io/*", "docker.io/org/x"];
  const { accessTokens } = loadConfig({ ACCESS_TOKENS: { ci: { ...VALID, repositories } } });
  expect(accessTokens.get("ci")?.repositories).toEqual([
    "docker.io/library/alpine",
    "docker.io/*",
    "docker.io/org/x",
  ]);
});

test.each([
  [{ "a:b": VALID }, /: entry 1: expected a name/],
  [{ "": VALID }, /: entry 1: expected a name/],
  [{ "a\n": VALID }, /: entry 1: expected a name/],
  [{ ["x".repeat(129)]: VALID }, /: entry 1: expected a name/],
  [{ ci: "hunter2" }, /: entry 1: expected an object with sha256/],
  [{ ci: { ...VALID, sha256: undefined } }, /: entry 1, field "sha256": expected .*, found nothing$/],
  [{ ci: { ...VALID, sha256: "hunter2" } }, /: entry 1, field "sha256": expected .* 64 hexadecimal digits$/],
  [{ ci: { ...VALID, sha256: sha256.slice(1) } }, /: entry 1, field "sha256": expected/],
  [{ ci: { ...VALID, sha256: `sha256:${sha256}` } }, /: entry 1, field "sha256": expected/],
  [
    { ci: { ...VALID, sha256: "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855" } },
    /: entry 1, field "sha256": .* empty text/,
  ],
  [
    { ci: { ...VALID, sha256: "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b" } },
    /: entry 1, field "sha256": .* empty text/,
  ],
  [{ ci: { ...VALID, sha256: `${sha256}\n` } }, /: entry 1, field "sha256": expected/],
  [
    { a: VALID, ci: { ...VALID, scopes: undefined } },
    /: entry 2, field "scopes": expected .*, found nothing$/,
  ],
  [{ ci: { ...VALID, scopes: [] } }, /: entry 1, field "scopes": expected .* at least one/],
  [
    { ci: { ...VALID, scopes: "pull" } },
    /: entry 1, field "scopes": expected a list out of pull, push, link, admin$/,
  ],
  [
    { ci: { ...VALID, scopes: ["pull", "hunter2"] } },
    /: entry 1, field "scopes", item 2: expected one of pull, push, link, admin$/,
  ],
  [
    { ci: { ...VALID, repositories: undefined } },
    /: entry 1, field "repositories": expected .*, found nothing$/,
  ],
  [{ ci: { ...VALID, repositories: [] } }, /: entry 1, field "repositories": expected .* at least one/],
  [{ ci: { ...VALID, repositories: "*" } }, /: entry 1, field "repositories": expected a list/],
  [
    { ci: { ...VALID, repositories: ["*", 1] } },
    /: entry 1, field "repositories", item 2: expected .*, found a number$/,
  ],
  [{ ci: { ...VALID, repositories: [""] } }, /: entry 1, field "repositories", item 1: expected/],
  [{ ci: { ...VALID, repositories: ["Ghcr.io/*"] } }, /, item 1: expected .* lower-case/],
  [{ ci: { ...VALID, repositories: ["https://ghcr.io/*"] } }, /, item 1: expected .* without a scheme/],
  [{ ci: { ...VALID, repositories: ["ghcr.io/org/"] } }, /, item 1: expected .* empty part$/],
  [{ ci: { ...VALID, repositories: ["/ghcr.io/*"] } }, /, item 1: expected .* empty part$/],
  [{ ci: { ...VALID, repositories: ["ghcr.io"] } }, /, item 1: expected registry\/repository/],
  [{ ci: { ...VALID, repositories: ["ghcr.io/a..b"] } }, /, item 1: expected registry\/repository/],
  [{ ci: { ...VALID, repositories: ["*".repeat(513)] } }, /, item 1: expected/],
  [{ ci: { ...VALID, expires: "tomorrow" } }, /: entry 1, field "expires": expected a date/],
  [{ ci: { ...VALID, expires: "2027-02-30" } }, /: entry 1, field "expires": expected a date/],
  [{ ci: { ...VALID, expires: "2027-01-31T12:00:00" } }, /: entry 1, field "expires": expected a date/],
  [
    { ci: { ...VALID, expires: 1_800_000_000 } },
    /: entry 1, field "expires": expected a date.*, found a number$/,
  ],
  [{ ci: { ...VALID, expires: null } }, /: entry 1, field "expires": expected a date.*, found null$/],
  [
    { ci: { ...VALID, hunter2: 1 } },
    /: entry 1: it has a field that is not known; it may have sha256, scopes, repositories, expires$/,
  ],
  [{ a: VALID, b: { ...VALID, sha256: sha256.toUpperCase() } }, /: entry 1 and entry 2 have the same sha256/],
])("the access tokens %j are refused", (tokens, message) => {
  expect(problem(tokens)).toMatch(/^Cannot use setting "ACCESS_TOKENS": /);
  expect(problem(tokens)).toMatch(message);
  expect(problem(tokens)).not.toContain("hunter2");
  expect(problem(tokens)).not.toContain(sha256.slice(0, 8));
});
