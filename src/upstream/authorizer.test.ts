import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import type { BearerOptions } from "../../test/support/fault-auth.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import type { Digest } from "../oci/digest.ts";
import type { RegistryClient } from "./registry-client.ts";
import { basicAuthorization, type UpstreamCredentials } from "./credentials.ts";

const USER = { username: "ada", password: "correct-horse" } as const;
const BASIC: UpstreamCredentials = { kind: "basic", ...USER };

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaultUpstream();
  upstream.addImage("lab/tool", "1.0");
});
afterEach(() => upstream.close());

function bearer(options: Omit<BearerOptions, "scheme"> = {}): void {
  upstream.configure({ auth: { scheme: "bearer", ...options } });
}

/** The requests so far, as "GET /v2/…", with a mark for those that were signed. */
function trace(): string[] {
  return upstream.requests.map(({ method, path, headers }) => {
    const scheme = headers["authorization"]?.split(" ")[0];
    return `${method} ${path.split("?")[0]}${scheme === undefined ? "" : ` (${scheme})`}`;
  });
}

function pull(client: RegistryClient): Promise<unknown> {
  return client.getManifest("lab/tool", "1.0");
}

describe("without credentials", () => {
  test("an open registry is asked once, unsigned", async () => {
    await pull(clientOf(upstream).client);
    expect(trace()).toEqual(["GET /v2/lab/tool/manifests/1.0"]);
  });

  test("a challenge is answered with an anonymous token, and later requests go out signed", async () => {
    bearer();
    await pull(clientOf(upstream).client);
    await pull(clientOf(upstream).client);
    expect(trace()).toEqual([
      "GET /v2/lab/tool/manifests/1.0",
      "GET /token",
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
    ]);
    expect(upstream.requests[1]?.path).toBe(
      "/token?service=fault-upstream&scope=repository%3Alab%2Ftool%3Apull",
    );
  });

  test("another repository gets a token of its own, before it is asked for", async () => {
    bearer();
    upstream.addImage("lab/other", "1.0");
    await pull(clientOf(upstream).client);
    upstream.resetLog();
    await clientOf(upstream).client.getManifest("lab/other", "1.0");
    expect(trace()).toEqual(["GET /token", "GET /v2/lab/other/manifests/1.0 (Bearer)"]);
  });

  test("callers at once share one token", async () => {
    bearer();
    await pull(clientOf(upstream).client);
    upstream.revokeTokens();
    upstream.resetLog();
    await Promise.all(Array.from({ length: 8 }, () => pull(clientOf(upstream).client)));
    expect(upstream.counters.byPath["GET /token"]).toBe(1);
  });

  test("a private repository is denied", async () => {
    bearer({ privateRepositories: ["lab/tool"] });
    const error = await failureOf(pull(clientOf(upstream).client));
    expect(error).toMatchObject({ code: "upstream-denied", status: 403 });
    expect(error.message).toBe(
      'Cannot get manifest "lab/tool:1.0" at "lab": the registry answered 401 (UNAUTHORIZED: authentication required); it may be private or not exist, and no credentials were given',
    );
    bearer({ anonymous: false });
    expect((await failureOf(pull(clientOf(upstream).client))).code).toBe("upstream-denied");
  });

  test("a Basic challenge is final", async () => {
    upstream.configure({ auth: { scheme: "basic", ...USER } });
    expect((await failureOf(pull(clientOf(upstream).client))).code).toBe("upstream-denied");
    expect(trace()).toEqual(["GET /v2/lab/tool/manifests/1.0"]);
  });
});

describe("with a password", () => {
  test("the token service gets it, the registry the token", async () => {
    bearer({ ...USER, anonymous: false });
    const { client } = clientOf(upstream, { credentials: BASIC });
    await pull(client);
    await pull(client);
    expect(trace()).toEqual([
      "GET /v2/",
      "GET /token (Basic)",
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
    ]);
    expect(upstream.requests[1]?.headers["authorization"]).toBe(
      basicAuthorization(USER.username, USER.password),
    );
  });

  test("a registry of scheme Basic gets it itself", async () => {
    upstream.configure({ auth: { scheme: "basic", ...USER } });
    await pull(clientOf(upstream, { credentials: BASIC }).client);
    expect(trace()).toEqual(["GET /v2/", "GET /v2/lab/tool/manifests/1.0 (Basic)"]);
  });

  test("a wrong one is denied, and not tried over and over", async () => {
    const credentials = { ...BASIC, password: "wrong-horse" };
    bearer({ ...USER, anonymous: false });
    const bearerError = await failureOf(pull(clientOf(upstream, { credentials }).client));
    expect(bearerError.code).toBe("upstream-denied");
    expect(bearerError.message).toBe(
      'Cannot sign in at "lab": the token service answered 401 (UNAUTHORIZED: authentication required); check that the credentials in use may do this',
    );
    expect(trace()).toEqual(["GET /v2/", "GET /token (Basic)"]);
  });

  test("why a token service refuses it is not told of a blob, which other repositories may share", async () => {
    const credentials = { ...BASIC, password: "wrong-horse" };
    bearer({ ...USER, anonymous: false });
    const digest = `sha256:${"a".repeat(64)}` as Digest;
    const error = await failureOf(clientOf(upstream, { credentials }).client.headBlob("lab/tool", digest));
    expect(error.code).toBe("upstream-denied");
    expect(error.message).toBe(`Cannot get blob "${digest}" at "lab": no token could be had for it`);
  });

  test("a wrong one is denied by a registry of scheme Basic, at once", async () => {
    const credentials = { ...BASIC, password: "wrong-horse" };
    upstream.configure({ auth: { scheme: "basic", ...USER } });
    expect((await failureOf(pull(clientOf(upstream, { credentials }).client))).code).toBe("upstream-denied");
    expect(trace()).toEqual(["GET /v2/", "GET /v2/lab/tool/manifests/1.0 (Basic)"]);
  });

  test("tokens belong to the credentials object: another one's are not used", async () => {
    bearer({ ...USER, anonymous: false });
    await pull(clientOf(upstream, { credentials: BASIC }).client);
    await failureOf(pull(clientOf(upstream, { credentials: { ...BASIC, password: "wrong" } }).client));
    await failureOf(pull(clientOf(upstream).client));
    upstream.resetLog();
    // Equal ones are still others: what one caller lent is not used for the next.
    await pull(clientOf(upstream, { credentials: { ...BASIC } }).client);
    expect(upstream.counters.byPath["GET /token"]).toBe(1);
  });

  test("a registry that lets everyone look gets it all the same, as what it shows may differ", async () => {
    await pull(clientOf(upstream, { credentials: BASIC }).client);
    expect(trace()).toEqual(["GET /v2/", "GET /v2/lab/tool/manifests/1.0 (Basic)"]);
  });

  test("a token service that knows only OAuth2 gets a form", async () => {
    bearer({ ...USER, anonymous: false, tokenMethods: ["POST"], tokenField: "access_token" });
    await pull(clientOf(upstream, { credentials: BASIC }).client);
    expect(trace()).toContain("POST /token");
  });
});

describe("with tokens", () => {
  test("an identity token is exchanged by a form", async () => {
    bearer({ identityToken: "refresh-me", anonymous: false, tokenField: "access_token" });
    const credentials = { kind: "identity", identityToken: "refresh-me" } as const;
    await pull(clientOf(upstream, { credentials }).client);
    const exchange = upstream.requests.find(({ path }) => path.startsWith("/token"));
    expect(exchange).toMatchObject({ method: "POST", path: "/token" });
    expect(Object.fromEntries(new URLSearchParams(exchange?.body))).toEqual({
      grant_type: "refresh_token",
      refresh_token: "refresh-me",
      client_id: "sif-edge",
      service: "fault-upstream",
      scope: "repository:lab/tool:pull",
    });
  });

  test("an identity token stands in for the password where there is no OAuth2", async () => {
    bearer({ username: "ada", password: "refresh-me", anonymous: false, tokenMethods: ["GET"] });
    const credentials = { kind: "identity", identityToken: "refresh-me", username: "ada" } as const;
    await pull(clientOf(upstream, { credentials }).client);
    const nameless = { kind: "identity", identityToken: "refresh-me" } as const;
    expect((await failureOf(pull(clientOf(upstream, { credentials: nameless }).client))).code).toBe(
      "upstream-unavailable",
    );
  });

  test("a refused identity token is denied, also with OAuth2's status", async () => {
    bearer({ identityToken: "refresh-me", anonymous: false });
    const credentials = { kind: "identity", identityToken: "old" } as const;
    const body = '{"error":"invalid_grant","error_description":"token old is expired"}';
    upstream.fault({ match: { method: "POST" }, action: { kind: "status", status: 400, body } });
    const error = await failureOf(pull(clientOf(upstream, { credentials }).client));
    expect(error.code).toBe("upstream-denied");
    expect(error.message).toContain("invalid_grant");
  });

  test("a registry token is sent as it is, and nothing else is tried", async () => {
    bearer({ registryToken: "take-me", anonymous: false });
    const credentials = { kind: "registry", registryToken: "take-me" } as const;
    await pull(clientOf(upstream, { credentials }).client);
    expect(trace()).toEqual(["GET /v2/lab/tool/manifests/1.0 (Bearer)"]);
    upstream.resetLog();
    const wrong = { kind: "registry", registryToken: "leave-me" } as const;
    expect((await failureOf(pull(clientOf(upstream, { credentials: wrong }).client))).code).toBe(
      "upstream-denied",
    );
    expect(trace()).toEqual(["GET /v2/lab/tool/manifests/1.0 (Bearer)"]);
  });
});

describe("the life of a token", () => {
  test("one that the registry takes back is replaced, once", async () => {
    bearer();
    const { client } = clientOf(upstream);
    await pull(client);
    upstream.revokeTokens();
    upstream.resetLog();
    await pull(client);
    expect(trace()).toEqual([
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
      "GET /token",
      "GET /v2/lab/tool/manifests/1.0 (Bearer)",
    ]);
  });

  test("a registry that refuses even a fresh one has denied", async () => {
    bearer({ challengeScope: "repository:lab/wrong:pull" });
    const error = await failureOf(pull(clientOf(upstream).client));
    expect(error.code).toBe("upstream-denied");
    expect(upstream.counters.requests).toBe(3);
  });

  test("without a lifetime it lasts a minute, and is renewed before its end", async () => {
    bearer({ expiresInSeconds: null });
    let nowMs = Date.now();
    const { client } = clientOf(upstream, { now: () => nowMs });
    await pull(client);
    nowMs += 47_000;
    await pull(client);
    expect(upstream.counters.byPath["GET /token"]).toBe(1);
    nowMs += 2_000;
    await pull(client);
    expect(upstream.counters.byPath["GET /token"]).toBe(2);
  });

  test("the scope that a challenge names is asked for, then and later", async () => {
    bearer({ challengeScope: "repository:lab/tool:pull other:thing:read" });
    let nowMs = Date.now();
    const { client } = clientOf(upstream, { now: () => nowMs });
    await pull(client);
    nowMs += 3_600_000;
    await pull(client);
    const asked = upstream.requests.filter(({ path }) => path.startsWith("/token"));
    expect(asked.map(({ path }) => new URL(path, upstream.url).searchParams.getAll("scope"))).toEqual([
      ["repository:lab/tool:pull", "other:thing:read"],
      ["repository:lab/tool:pull", "other:thing:read"],
    ]);
  });
});

describe("a token service that fails", () => {
  test.each([
    [503, "upstream-unavailable"],
    [429, "upstream-rate-limited"],
    [404, "upstream-unavailable"],
    [403, "upstream-denied"],
  ])("by %i is told as %s", async (status, code) => {
    bearer();
    upstream.fault({ match: { kind: "token" }, action: { kind: "status", status } });
    expect((await failureOf(pull(clientOf(upstream).client))).code).toBe(code);
  });

  test.each([
    ["a web page", "<html>"],
    ["no token", '{"expires_in":300}'],
    ["a token that would break the header", '{"token":"a\\r\\nx: y"}'],
    ["a number", '{"token":7}'],
    ["null", "null"],
    ["a book", `{"token":"${"a".repeat(70_000)}"}`],
  ])("by sending %s is unavailable", async (_what, body) => {
    bearer();
    upstream.fault({ match: { kind: "token" }, action: { kind: "status", status: 200, body } });
    expect((await failureOf(pull(clientOf(upstream).client))).code).toBe("upstream-unavailable");
  });

  test("by silence is given up", async () => {
    bearer();
    upstream.fault({ match: { kind: "token" }, action: { kind: "hang" } });
    const { client } = clientOf(upstream, { idleMs: 30 });
    expect((await failureOf(pull(client))).code).toBe("upstream-timeout");
  });

  test("is looked for anew, since it may have moved or not be needed any more", async () => {
    bearer();
    await pull(clientOf(upstream).client);
    upstream.configure({});
    upstream.addImage("lab/other", "1.0");
    upstream.resetLog();
    await clientOf(upstream).client.getManifest("lab/other", "1.0");
    await clientOf(upstream).client.getManifest("lab/other", "1.0");
    expect(trace()).toEqual([
      "GET /token",
      "GET /v2/lab/other/manifests/1.0",
      "GET /v2/lab/other/manifests/1.0",
    ]);
  });
});
