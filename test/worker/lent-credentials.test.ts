import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { type RemoteFaultUpstream, remoteFaultUpstream } from "../support/fault-remote.ts";
import { bearer, digestOf, edge, edgeWith, freshImage, problemOf, upstream } from "./edge.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

describe("lent credentials", () => {
  const USER = { username: "alice", password: "alice-s3cret" };
  const lend = (auth: object) => ({
    "X-Registry-Auth": btoa(JSON.stringify(auth))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/=+$/, ""),
  });

  /** A registry of its own that lets one user in, and this service to reach it without credentials. */
  async function lockedImage(options: { readonly redirect?: boolean } = {}) {
    const image = await freshImage({ sizeBytes: 150_000 });
    await upstream.resetLog();
    await upstream.configure({
      auth: {
        scheme: "bearer",
        ...USER,
        identityToken: "alice-identity",
        registryToken: "alice-registry-token",
        anonymous: false,
      },
      ...(options.redirect === true ? { redirectBlobs: {} } : {}),
    });
    return image;
  }

  afterEach(async () => {
    await upstream.configure({});
    await upstream.revokeTokens();
  });

  it.each<[what: string, auth: object]>([
    ["a name and a password", USER],
    ["an identity token", { identitytoken: "alice-identity" }],
    ["a registry token", { registrytoken: "alice-registry-token" }],
  ])("by %s open what the service itself is refused, for that request alone", async (_what, auth) => {
    const image = await lockedImage();
    const path = `/v1/images/${image.reference}`;
    expect((await problemOf(await edge(path))).code).toBe("upstream-denied");
    const response = await edge(path, { headers: lend(auth) });
    expect(response.headers.get("Cache-Control")).toBe("private, no-cache, no-transform");
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);

    // The bytes are in the shared store by now; the right to read them is not.
    const others = [
      {},
      bearer("admin"),
      lend({ username: "alice", password: "wrong" }),
      lend({ identitytoken: "x" }),
    ];
    for (const headers of others) {
      for (const reference of [image.reference, `lab/${image.repository}@${image.manifestDigest}`]) {
        for (const where of ["/v1/digest/", "/v1/images/", "/v1/cache/"]) {
          expect((await problemOf(await edge(where + reference, { headers }))).code).toBe("upstream-denied");
        }
      }
    }
  });

  it("are shown to the upstream each time, and their withdrawal is heeded at once", async () => {
    const image = await lockedImage();
    const asked = async () =>
      (await upstream.requests()).filter(({ path }) => path.includes("/manifests/")).length;
    for (let round = 0; round < 3; round++) {
      const before = await asked();
      const response = await edge(`/v1/digest/${image.reference}`, { headers: lend(USER) });
      expect(response.status).toBe(200);
      expect(await asked()).toBeGreaterThan(before);
    }
    await upstream.configure({ auth: { scheme: "bearer", ...USER, password: "changed", anonymous: false } });
    await upstream.revokeTokens();
    expect((await problemOf(await edge(`/v1/digest/${image.reference}`, { headers: lend(USER) }))).code).toBe(
      "upstream-denied",
    );
  });

  it("get no stale answer", async () => {
    const image = await lockedImage();
    expect((await edge(`/v1/digest/${image.reference}`, { headers: lend(USER) })).status).toBe(200);
    await upstream.fault({
      match: { repository: image.repository },
      action: { kind: "status", status: 500 },
    });
    expect((await edge(`/v1/digest/${image.reference}`, { headers: lend(USER) })).status).toBe(502);
  });

  it("are kept nowhere", async () => {
    const image = await lockedImage();
    const response = await edge(`/v1/images/${image.reference}`, { headers: lend(USER) });
    await response.arrayBuffer();
    const record = await runInDurableObject(env.BLOBS.getByName(image.digest), async (_object, state) =>
      JSON.stringify([...(await state.storage.list())]),
    );
    expect(record).toContain(image.digest);
    for (const secret of [USER.username, USER.password]) expect(record).not.toContain(secret);
    const names = await runInDurableObject(
      env.REPOSITORIES.getByName(`lab/${image.repository}`),
      (_object, state) =>
        state.storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .toArray(),
    );
    expect(names).toEqual([]);
  });

  it("open nothing at a private upstream without a token of this service", async () => {
    const image = await lockedImage();
    const path = `/v1/digest/${image.vaultReference}`;
    expect((await edge(path, { headers: lend(USER) })).status).toBe(401);
    expect((await edge(path, { headers: { ...lend(USER), ...bearer("stranger") } })).status).toBe(403);
    expect((await edge(path, { headers: { ...lend(USER), ...bearer("reader") } })).status).toBe(200);
  });

  it.each(["", "x", btoa("[]"), btoa('{"username": 1}'), btoa('{"password": "alice-s3cret"}')])(
    "that cannot be read (%j) are an error that does not repeat them",
    async (header) => {
      const image = await freshImage();
      const response = await edge(`/v1/digest/${image.reference}`, {
        headers: { "X-Registry-Auth": header },
      });
      const text = await response.text();
      expect([response.status, JSON.parse(text).code]).toEqual([400, "invalid-request"]);
      expect(text).not.toContain("alice-s3cret");
    },
  );

  it("never reach the storage that blobs are redirected to", async () => {
    const image = await lockedImage({ redirect: true });
    const response = await edge(`/v1/images/${image.reference}`, { headers: lend(USER) });
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    const requests = await upstream.requests();
    const storage = requests.filter(({ server }) => server === "storage");
    expect(storage.length).toBeGreaterThan(0);
    for (const { headers } of storage) {
      // What fetching a range takes, and what the runtime adds by itself.
      const ours = ["accept", "accept-encoding", "range", "user-agent"];
      const expected = [...ours, "cache-control", "cf-worker", "connection", "host", "pragma"];
      expect(Object.keys(headers).filter((name) => !expected.includes(name))).toEqual([]);
    }
    expect(requests.some(({ headers }) => headers["authorization"] !== undefined)).toBe(true);
  });

  it("are not sent to a token service on another origin", async () => {
    // Both are new: what an upstream asked for before is remembered, and asked for again without a challenge.
    const foreign = await startAnother();
    const registry = await startAnother();
    await registry.configure({ auth: { scheme: "bearer", ...USER, realm: `${foreign.url}/token` } });
    await registry.addImage("a/b", "1.0");
    const settings = { UPSTREAMS: { other: { url: registry.url } } };
    const answer = await problemOf(
      await edgeWith(settings, "/v1/digest/other/a/b:1.0", { headers: lend(USER) }),
    );
    expect(answer).toMatchObject({ status: 502, code: "upstream-unavailable" });
    expect(answer.detail).toContain("realms");
    expect((await foreign.counters()).requests).toBe(0);
    const signed = (await registry.requests()).filter(
      ({ headers }) => headers["authorization"] !== undefined,
    );
    expect(signed).toEqual([]);

    const listed = { UPSTREAMS: { other: { url: registry.url, realms: [`${foreign.url}/token`] } } };
    await foreign.configure({ auth: { scheme: "bearer", ...USER } });
    await edgeWith(listed, "/v1/digest/other/a/b:1.0", { headers: lend(USER) });
    expect((await foreign.counters()).requests).toBeGreaterThan(0);
    await Promise.all([foreign.close(), registry.close()]);
  });
});

async function startAnother(): Promise<RemoteFaultUpstream> {
  return remoteFaultUpstream((await upstream.start()).url);
}
