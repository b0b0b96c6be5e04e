import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/fault-rules.ts";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import {
  ORIGIN,
  bearer,
  digestOf,
  edge,
  edgeWith,
  freshImage,
  freshRepository,
  problemOf,
  upstream,
} from "./edge.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

describe("an upstream that fails at a lookup", () => {
  const HTML = { "content-type": "text/html" };
  const page = "<!doctype html><title>Sign in</title>";

  it.each<[what: string, action: Fault["action"], status: number, code: string, retryAfter?: string]>([
    ["401", { kind: "status", status: 401 }, 403, "upstream-denied"],
    ["403", { kind: "status", status: 403 }, 403, "upstream-denied"],
    ["404", { kind: "status", status: 404 }, 404, "image-unknown"],
    ["410", { kind: "status", status: 410 }, 404, "image-unknown"],
    [
      "429 that names a time",
      { kind: "status", status: 429, headers: { "retry-after": "77" } },
      503,
      "upstream-rate-limited",
      "77",
    ],
    ["429 that names none", { kind: "status", status: 429 }, 503, "upstream-rate-limited"],
    ["500", { kind: "status", status: 500 }, 502, "upstream-unavailable"],
    ["503", { kind: "status", status: 503 }, 502, "upstream-unavailable"],
    ["501", { kind: "status", status: 501 }, 502, "upstream-unavailable"],
    [
      "a redirect in circles",
      { kind: "status", status: 307, headers: { location: "?again" } },
      502,
      "upstream-unavailable",
    ],
    ["a redirect to nowhere", { kind: "status", status: 302 }, 502, "upstream-unavailable"],
    ["a connection that breaks off", { kind: "drop" }, 502, "upstream-unavailable"],
    ["silence", { kind: "hang" }, 504, "upstream-timeout"],
    ["silence in the middle of a body", { kind: "stall", afterBytes: 10 }, 504, "upstream-timeout"],
    ["a web page", { kind: "body", body: page, contentType: "text/html" }, 502, "invalid-manifest"],
    [
      "a web page for everything",
      { kind: "status", status: 200, headers: HTML, body: page },
      502,
      "invalid-manifest",
    ],
    [
      "a body that never ends",
      { kind: "status", status: 200, body: "[".repeat(5 * 1024 * 1024) },
      502,
      "invalid-manifest",
    ],
    ["deep nesting", { kind: "status", status: 200, body: "[".repeat(100_000) }, 502, "invalid-manifest"],
    ["another manifest than announced", { kind: "flip", afterBytes: 30 }, 502, "digest-mismatch"],
  ])("with %s is reported with its own code", async (_what, action, status, code, retryAfter) => {
    const image = await freshImage();
    const fault = await upstream.fault({ match: { repository: image.repository }, action });
    const response = await edge(`/v1/digest/${image.reference}`);
    const answer = await problemOf(response);
    expect({ status: response.status, code: answer.code }).toEqual({ status, code });
    expect(answer.detail).toMatch(/^Cannot /);
    if (retryAfter !== undefined) expect(response.headers.get("Retry-After")).toBe(retryAfter);
    expect(await upstream.faultHits(fault)).toBeGreaterThan(0);
  });

  it("once is asked again, unnoticed by the client", async () => {
    const image = await freshImage();
    const match = { repository: image.repository };
    const faults = [
      await upstream.fault({ match, times: 1, action: { kind: "status", status: 502 } }),
      await upstream.fault({ match, times: 1, skip: 1, action: { kind: "drop" } }),
      await upstream.fault({
        match,
        times: 1,
        skip: 2,
        action: { kind: "status", status: 429, headers: { "retry-after": "0" } },
      }),
    ];
    const response = await edge(`/v1/digest/${image.reference}`);
    expect(await response.json()).toMatchObject({ digest: image.digest });
    expect(await Promise.all(faults.map((id) => upstream.faultHits(id)))).toEqual([1, 1, 1]);
  });

  it("with 404 is not asked again for a while, and not for what another request names", async () => {
    const repository = freshRepository();
    const path = `/v1/digest/lab/${repository}:1.0`;
    const askedFor = async () =>
      (await upstream.requests()).filter((request) => request.path.includes(repository)).length;
    expect((await edge(path)).status).toBe(404);
    const asked = await askedFor();
    expect(asked).toBeGreaterThan(0);
    const herd = await Promise.all(Array.from({ length: 10 }, () => edge(path)));
    expect(herd.map(({ status }) => status)).toEqual(herd.map(() => 404));
    expect(await askedFor()).toBe(asked);
    await upstream.addImage(repository, "2.0");
    expect((await edge(`/v1/digest/lab/${repository}:2.0`)).status).toBe(200);
  });

  it("is never asked for what is not there in another upstream", async () => {
    const image = await freshImage();
    const settings = { UPSTREAMS: { lab: { url: upstream.url }, other: { url: upstream.url } } };
    await upstream.fault({
      match: { repository: image.repository },
      times: 1,
      action: { kind: "status", status: 404 },
    });
    const answer = await edgeWith(settings, `/v1/digest/${image.reference}`);
    expect(answer.status).toBe(404);
    const requests = (await upstream.requests()).filter((request) => request.path.includes(image.repository));
    expect(requests).toHaveLength(1);
  });

  it("tells nothing of what the upstream said in secret", async () => {
    const image = await freshImage();
    await upstream.fault({
      match: { repository: image.repository },
      action: {
        kind: "status",
        status: 403,
        body: JSON.stringify({
          errors: [
            { code: "DENIED", message: "user dXNlcjpzM2NyM3Q= may not; see https://x/?token=s3cr3t-token" },
          ],
        }),
      },
    });
    const lent = { username: "user", password: "s3cr3t" };
    const response = await edge(`/v1/digest/${image.reference}`, {
      headers: { "X-Registry-Auth": btoa(JSON.stringify(lent)) },
    });
    const text = await response.text();
    expect(response.status).toBe(403);
    for (const secret of ["s3cr3t", "dXNlcjpzM2NyM3Q="]) expect(text).not.toContain(secret);
  });
});

describe("an upstream that cannot be reached", () => {
  it("is 502, whatever is asked of it", async () => {
    // Nothing listens at the discard port; lent credentials keep the Durable Objects, with their own settings, out of it.
    const settings = { UPSTREAMS: { gone: { url: "http://127.0.0.1:9" } } };
    const headers = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    for (const path of ["/v1/digest/gone/a:1", "/v1/images/gone/a:1", "/v1/cache/gone/a:1"]) {
      const response = await edgeWith(settings, path, { headers });
      expect(await problemOf(response), path).toMatchObject({ status: 502, code: "upstream-unavailable" });
    }
  });
});

describe("a request that cannot be served", () => {
  it.each<[request: string, status: number, code: string, headers?: Record<string, string>]>([
    ["GET /v1/digest/example.org/a:1", 403, "registry-not-allowed"],
    ["GET /v1/images/127.0.0.1:5000/a:1", 403, "registry-not-allowed"],
    ["PUT /v1/cache/metadata.google.internal/a:1", 403, "registry-not-allowed"],
    ["GET /v1/digest/lab/a:1?arch=AMD64", 400, "invalid-request"],
    ["GET /nothing", 404, "not-found"],
    ["GET /v1", 404, "not-found"],
    ["GET /v1/nothing", 404, "not-found"],
    ["GET /v1/digest/", 404, "not-found"],
    ["GET /healthz/", 404, "not-found"],
    ["GET /d/token", 404, "not-found"],
    ["GET /v1/../.dev.vars", 404, "not-found"],
    ["PUT /v1/digest/lab/a:1", 405, "method-not-allowed", { Allow: "GET, HEAD" }],
    ["DELETE /healthz", 405, "method-not-allowed", { Allow: "GET, HEAD" }],
    ["GET /v1/hash", 405, "method-not-allowed", { Allow: "POST" }],
    ["POST /v1/cache/lab/a:1", 405, "method-not-allowed", { Allow: "DELETE, GET, HEAD, PUT" }],
    ["PUT /v1/links/lab/a:1", 405, "method-not-allowed", { Allow: "DELETE, GET, HEAD, POST" }],
    ["POST /d/token/file", 405, "method-not-allowed", { Allow: "GET, HEAD" }],
    ["PATCH /openapi.json", 405, "method-not-allowed", { Allow: "GET, HEAD" }],
    ["OPTIONS /v1/digest/lab/a:1", 405, "method-not-allowed", { Allow: "GET, HEAD" }],
  ])("such as %s is a problem with its code", async (request, status, code, headers = {}) => {
    const [method = "", path = ""] = request.split(" ");
    const response = await edge(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
    const problem = await response.json<Record<string, unknown>>();
    expect(Object.keys(problem).sort()).toEqual(["code", "detail", "status", "title", "type"]);
    expect(problem).toMatchObject({ status, code, type: `urn:sif-edge:problem:${code}` });
    expect(problem["detail"]).toMatch(/^Cannot [^\n]+[^.]$/);
  });

  it("has the same headers and no body for HEAD", async () => {
    const [get, head] = [await edge("/v1/nothing"), await edge("/v1/nothing", { method: "HEAD" })];
    expect(head.status).toBe(404);
    expect(head.body).toBeNull();
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
  });
});

describe("a bad setting", () => {
  it.each<[settings: Record<string, unknown>, named: RegExp]>([
    [{ UPSTREAMS: "{" }, /UPSTREAMS/],
    [{ UPSTREAMS: { lab: { url: "ftp://x" } } }, /UPSTREAMS.*lab.*url/],
    [{ TAG_TTL_SECONDS: "soon" }, /TAG_TTL_SECONDS.*soon/],
    [{ CHUNK_BYTES: 1 }, /CHUNK_BYTES/],
    [{ DEFAULT_ARCH: "x86" }, /DEFAULT_ARCH/],
    [{ ACCESS_TOKENS: '{"ci": {"sha256": "s3cr3t"}}' }, /ACCESS_TOKENS/],
    [{ LINK_KEYS: '{"k": "s3cr3t"}' }, /LINK_KEYS/],
    [{ UPSTREAM_CREDENTIALS: '{"lab": {"password": "s3cr3t"}}' }, /UPSTREAM_CREDENTIALS/],
    [{ UPSTREAM_CREDENTIALS: '{"s3cr3t' }, /UPSTREAM_CREDENTIALS/],
  ])("%j fails every request, by name and without its secret", async (settings, named) => {
    for (const path of ["/healthz", "/v1/digest/lab/a:1", "/openapi.json", "/d/a/b", "/nothing"]) {
      const response = await edgeWith(settings, path);
      const text = await response.text();
      expect(response.status, path).toBe(500);
      expect(JSON.parse(text), path).toMatchObject({
        code: "bad-configuration",
        detail: expect.stringMatching(named),
      });
      expect(text).not.toContain("s3cr3t");
    }
  });
});

describe("a defect", () => {
  it("is told with a number to ask by, and its cause stays in the log", async () => {
    const broken = {
      get: () => Promise.reject(new Error("secret cause")),
      head: () => Promise.reject(new Error("secret cause")),
    };
    const image = await freshImage();
    const response = await edgeWith({ BUCKET: broken }, `/v1/digest/${image.reference}`);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({
      code: "internal-error",
      detail: expect.stringMatching(/request "[\w-]+"/),
    });
    expect(text).not.toContain("secret cause");
  });
});

describe("the other routes", () => {
  it("tell that the service lives, with its version", async () => {
    expect(await (await edge("/healthz")).json()).toEqual({
      status: "ok",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect((await edge("/healthz", { method: "HEAD" })).body).toBeNull();
  });

  it.each([0, 1, 65_536, 3_000_001])("hash a body of %d bytes", async (sizeBytes) => {
    const body = new Uint8Array(sizeBytes).map((_, index) => index * 31);
    const digest = await digestOf(body);
    const response = await edge("/v1/hash", { method: "POST", body });
    expect(await response.json()).toEqual({ digest, size: sizeBytes });
    const plain = await edge("/v1/hash", { method: "POST", body, headers: { Accept: "text/plain" } });
    expect(await plain.text()).toBe(`${digest}\n`);
  });

  it("need none of the credentials that are wrong", async () => {
    // Wrong credentials are an error where they are looked at, and /v1/hash and /healthz do not look.
    const headers = { Authorization: `Bearer ${TEST_TOKENS.reader}x` };
    expect((await edge("/healthz", { headers })).status).toBe(200);
    expect((await edge("/v1/hash", { method: "POST", body: "x", headers })).status).toBe(200);
  });
});

describe("the log", () => {
  it("holds neither tokens nor queries", async () => {
    const lines: string[] = [];
    const { log, error } = console;
    console.log = console.error = (...parts: unknown[]) => void lines.push(parts.join(" "));
    try {
      const image = await freshImage();
      const made = await exports.default.fetch(
        new Request(`${ORIGIN}/v1/links/${image.reference}`, { method: "POST", headers: bearer("linker") }),
      );
      const { url } = await made.json<{ url: string }>();
      const { pathname } = new URL(url);
      const token = pathname.split("/")[2] ?? "";
      const odd = [
        pathname,
        `/${pathname}`,
        pathname.replace("/d/", "/%64/"),
        `/x${pathname}`,
        `/v1/digest${pathname}`,
        pathname.replace("/d/", "/d//"),
        `/d/${token}`,
      ];
      for (const path of odd) await (await edge(`${path}?s3cr3t=query`)).body?.cancel();
      await (await edge("/v1/digest/lab/a:1?arch=s3cr3t", { headers: bearer("stranger") })).text();
      expect(lines.filter((line) => line.includes('"request"')).length).toBeGreaterThan(odd.length);
      for (const secret of [token, token.split(".")[2] ?? "", "s3cr3t", ...Object.values(TEST_TOKENS)]) {
        expect(lines.filter((line) => line.includes(secret))).toEqual([]);
      }
    } finally {
      Object.assign(console, { log, error });
    }
  });
});

describe("what a registry does not do", () => {
  it.each<[request: string, allow: string]>([
    ["GET /v1/search/lab", "GET, HEAD"],
    ["DELETE /v1/images/lab/team/tool:1.0", "GET, HEAD, PUT"],
    ["DELETE /v2/lab/team/tool/manifests/1.0", "GET, HEAD, PUT"],
    ["POST /v2/lab/team/tool/blobs/uploads/", "POST"],
  ])("is answered with what else there is: %s", async (request, allow) => {
    await upstream.fault({ action: { kind: "status", status: request.includes("search") ? 404 : 405 } });
    const [method = "", path = ""] = request.split(" ");
    const response = await edge(path, { method, headers: bearer("pusher") });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allow]);
    await upstream.clearFaults();
  });
});
