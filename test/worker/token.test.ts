import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import app from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { later, stopClock } from "./clock.ts";
import { bearer, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

interface TokenAnswer {
  readonly token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly issued_at: string;
  readonly refresh_token?: string;
}

function basic(name: string, token: string): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${name}:${token}`)}` };
}

async function getToken(query: string, headers: Record<string, string> = {}): Promise<TokenAnswer> {
  const response = await edge(`/token?service=edge.test&${query}`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return response.json();
}

function postToken(form: Readonly<Record<string, string | undefined>>): Promise<Response> {
  const body = new URLSearchParams({ service: "edge.test" });
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value);
  return edge("/token", { method: "POST", body });
}

function withToken(path: string, token: string): Promise<Response> {
  return edge(path, { headers: { Authorization: `Bearer ${token}` } });
}

async function newImage(registry: string, repository = freshRepository()) {
  await upstream.addImage(repository, "1.0", { seed: freshSeed() });
  return { name: `${registry}/${repository}`, path: `/v2/${registry}/${repository}/manifests/1.0` };
}

const READER = basic("reader", TEST_TOKENS.reader);

describe("the token service", () => {
  it("is where the challenge leads, with the scope that the request needs", async () => {
    const { name, path } = await newImage("vault");
    const refused = await edge(path);
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get("WWW-Authenticate") ?? "";
    expect(challenge).toBe(
      `Bearer realm="http://edge.test/token",service="edge.test",scope="repository:${name}:pull"`,
    );
    const [, scope = ""] = /scope="([^"]+)"/.exec(challenge) ?? [];
    const { token, access_token, expires_in, issued_at } = await getToken(
      new URLSearchParams({ scope }).toString(),
      READER,
    );
    expect(access_token).toBe(token);
    // Longer than the upload of a large image takes.
    expect(expires_in).toBeGreaterThanOrEqual(3600);
    expect(Date.parse(issued_at)).not.toBeNaN();
    expect((await withToken(path, token)).status).toBe(200);
    expect((await withToken("/v2/", token)).status).toBe(200);
  });

  it("gives anonymous callers a token for what is public, and for nothing else", async () => {
    const open = await newImage("lab");
    const closed = await newImage("vault");
    const scopes = [open, closed].map(({ name }) => `scope=repository:${name}:pull`).join("&");
    const { token } = await getToken(scopes);
    expect((await withToken("/v2/", token)).status).toBe(200);
    expect((await withToken(open.path, token)).status).toBe(200);
    const refused = await withToken(closed.path, token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
  });

  it.each([
    [
      "several parameters",
      (names: string[]) => names.map((name) => `scope=repository:${name}:pull`).join("&"),
    ],
    [
      "one parameter",
      (names: string[]) => `scope=${names.map((name) => `repository:${name}:pull`).join("%20")}`,
    ],
  ])("takes several scopes in %s", async (_how, query) => {
    const images = await Promise.all([newImage("vault"), newImage("vault"), newImage("vault")]);
    const { token } = await getToken(query(images.slice(0, 2).map(({ name }) => name)), READER);
    const statuses = await Promise.all(images.map(async ({ path }) => (await withToken(path, token)).status));
    expect(statuses).toEqual([200, 200, 401]);
  });

  it.each([
    ["the wrong token", basic("reader", TEST_TOKENS.pusher)],
    ["the wrong name", basic("nobody", TEST_TOKENS.reader)],
    ["an expired token", basic("expired", TEST_TOKENS.expired)],
    ["nonsense", { Authorization: "Basic nonsense!" }],
  ])("refuses %s, so that login tells", async (_what, headers) => {
    const response = await edge("/token?service=edge.test", { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ code: "UNAUTHORIZED" }] });
    expect((await edge("/v2/", { headers })).status).toBe(401);
  });

  it("gives a token that ends", async () => {
    const { name, path } = await newImage("vault");
    const { token, expires_in } = await getToken(`scope=repository:${name}:pull`, READER);
    later((expires_in - 60) * 1000);
    expect((await withToken(path, token)).status).toBe(200);
    later(60_000);
    const refused = await withToken(path, token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toContain(`scope="repository:${name}:pull"`);
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  });

  it("takes a token that another clock made a little later than now", async () => {
    const { name, path } = await newImage("vault");
    const now = Date.now();
    stopClock(now + 120_000);
    const { token } = await getToken(`scope=repository:${name}:pull`, READER);
    stopClock(now);
    expect((await withToken(path, token)).status).toBe(200);
  });

  it("gives no token for a token that it gave", async () => {
    const { name } = await newImage("vault");
    const { token } = await getToken(`scope=repository:${name}:pull`, READER);
    const again = await edge("/token?offline_token=true", { headers: { Authorization: `Bearer ${token}` } });
    expect(again.status).toBe(401);
  });

  it("gives a refresh token where asked, which signs in by itself", async () => {
    const { name, path } = await newImage("vault");
    expect(await getToken("account=reader", READER)).not.toHaveProperty("refresh_token");
    expect(await getToken("offline_token=true")).not.toHaveProperty("refresh_token");
    const { refresh_token = "" } = await getToken("offline_token=true&client_id=docker", READER);
    const scope = `repository:${name}:pull`;
    const response = await postToken({
      grant_type: "refresh_token",
      refresh_token,
      client_id: "docker",
      scope,
    });
    expect(response.status).toBe(200);
    const { access_token } = await response.json<TokenAnswer>();
    expect((await withToken(path, access_token)).status).toBe(200);
    // It opens nothing itself.
    expect((await withToken(path, refresh_token)).status).toBe(401);
  });

  it("takes a password by OAuth2's form", async () => {
    const { name, path } = await newImage("vault");
    const form = { grant_type: "password", username: "reader", password: TEST_TOKENS.reader };
    const scope = `repository:${name}:pull,push registry:catalog:*`;
    const response = await postToken({
      ...form,
      client_id: "containerd-client",
      access_type: "offline",
      scope,
    });
    const { access_token, refresh_token } = await response.json<TokenAnswer>();
    expect(refresh_token).toMatch(/\./);
    expect((await withToken(path, access_token)).status).toBe(200);
    expect((await postToken({ ...form, password: "wrong" })).status).toBe(401);
  });

  it.each([
    [{}, 400],
    [{ grant_type: "authorization_code", code: "x" }, 400],
    [{ grant_type: "refresh_token", refresh_token: "x" }, 401],
    [{ grant_type: "password", username: "reader", password: "x".repeat(40_000) }, 400],
  ])("refuses a form that is none: %#", async (form, status) => {
    const response = await postToken(form);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty("errors");
  });

  it("refuses more scopes than fit a token", async () => {
    const scopes = Array.from({ length: 17 }, (_, at) => `scope=repository:lab/a${at}:pull`).join("&");
    expect((await edge(`/token?${scopes}`)).status).toBe(400);
  });

  it("is not needed by those who send their access token, as Basic or Bearer", async () => {
    const { path } = await newImage("vault");
    for (const headers of [READER, bearer("reader")]) {
      expect((await edge(path, { headers })).status).toBe(200);
      expect((await edge("/v2/", { headers })).status).toBe(200);
    }
  });

  it("is not where to go when everything is public and there is nobody to sign in", async () => {
    const open = {
      ...(env as unknown as Env),
      ACCESS_TOKENS: "{}",
      UPSTREAMS: JSON.stringify({ lab: { url: upstream.url } }),
    };
    const ask = (path: string) =>
      app.fetch(new Request(`http://edge.test${path}`), open, createExecutionContext());
    expect((await ask("/v2/")).status).toBe(200);
    expect((await ask("/v2/_catalog?n=1")).status).toBe(200);
    // What is not there yet is not for anyone.
    expect((await ask("/v2/local/a/manifests/1.0")).status).toBe(401);
  });
});
