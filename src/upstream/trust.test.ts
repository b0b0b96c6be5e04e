/** What must never leave the upstream's own origin, proved by what other origins have recorded. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientOf, failureOf } from "../../test/support/fault-client.ts";
import { type FaultUpstream, startFaultUpstream } from "../../test/support/fault-upstream.ts";
import type { Digest } from "../oci/digest.ts";
import { basicAuthorization, type UpstreamCredentials } from "./credentials.ts";

const USER = { username: "ada", password: "correct-horse-battery" } as const;
const ALL: readonly (readonly [string, UpstreamCredentials])[] = [
  ["a password", { kind: "basic", ...USER }],
  ["an identity token", { kind: "identity", identityToken: "refresh-me-please", username: "ada" }],
  ["a registry token", { kind: "registry", registryToken: "take-me-please" }],
];
const SECRETS = [
  USER.password,
  basicAuthorization(USER.username, USER.password),
  "refresh-me-please",
  basicAuthorization("ada", "refresh-me-please"),
  "take-me-please",
];

let upstream: FaultUpstream;
/** Another registry, which the upstream has no business to send anything to. */
let stranger: FaultUpstream;
beforeEach(async () => {
  [upstream, stranger] = await Promise.all([startFaultUpstream(), startFaultUpstream()]);
});
afterEach(() => Promise.all([upstream.close(), stranger.close()]));

function secretsIn(things: unknown): string[] {
  const text = JSON.stringify(things);
  return SECRETS.filter((secret) => text.includes(secret));
}

function requireSignIn(realm?: string): void {
  upstream.configure({
    auth: {
      scheme: "bearer",
      ...USER,
      identityToken: "refresh-me-please",
      registryToken: "take-me-please",
      anonymous: false,
      ...(realm === undefined ? {} : { realm }),
    },
    redirectBlobs: {},
  });
}

describe.each(ALL)("%s", (_what, credentials) => {
  test("does not follow a redirect of a blob, nor does any header but what storage needs", async () => {
    requireSignIn();
    const image = upstream.addImage("lab/tool", "1.0", { sizeBytes: 100 });
    const { client } = clientOf(upstream, { credentials });
    const location = {};
    for (const startBytes of [0, 50]) {
      const range = { startBytes, endBytes: startBytes + 50, location };
      const { body } = await client.openBlob("lab/tool", image.digest as Digest, range);
      await new Response(body).bytes();
    }
    const storage = upstream.requests.filter(({ server }) => server === "storage");
    expect(storage.map(({ status }) => status)).toEqual([206, 206]);
    const allowed = ["accept", "accept-encoding", "accept-language", "cache-control", "connection", "host"];
    const fetchOwn = ["pragma", "range", "sec-fetch-mode", "user-agent"];
    for (const { headers } of storage)
      expect([...allowed, ...fetchOwn]).toEqual(expect.arrayContaining(Object.keys(headers)));
    expect(secretsIn(storage)).toEqual([]);
    // The test would see them: the registry itself did.
    expect(secretsIn(upstream.requests)).not.toEqual([]);
  });

  test("does not follow a redirect of a manifest to another registry", async () => {
    requireSignIn();
    upstream.addImage("lab/tool", "1.0");
    stranger.addImage("lab/tool", "1.0");
    const location = `${stranger.url}/v2/lab/tool/manifests/1.0`;
    const action = { kind: "status", status: 307, headers: { location } } as const;
    upstream.fault({ match: { kind: "manifest" }, action });
    const { client } = clientOf(upstream, { credentials });
    await client.getManifest("lab/tool", "1.0");
    expect(stranger.requests.length).toBe(1);
    expect(secretsIn(stranger.requests)).toEqual([]);
    expect(stranger.requests[0]?.headers["authorization"]).toBeUndefined();
  });

  test("is not given to a stranger who challenges behind a redirect", async () => {
    requireSignIn();
    stranger.configure({ auth: { scheme: "basic", ...USER } });
    const location = `${stranger.url}/v2/lab/tool/manifests/1.0`;
    const action = { kind: "status", status: 307, headers: { location } } as const;
    upstream.fault({ match: { kind: "manifest" }, action });
    const { client } = clientOf(upstream, { credentials });
    expect((await failureOf(client.getManifest("lab/tool", "1.0"))).code).toBe("upstream-unavailable");
    expect(stranger.requests.length).toBe(1);
    expect(secretsIn(stranger.requests)).toEqual([]);
  });

  test("is not sent to a token service of a stranger, which is not even asked", async () => {
    requireSignIn(`${stranger.url}/token`);
    upstream.addImage("lab/tool", "1.0");
    const { client } = clientOf(upstream, { credentials });
    const asked = client.getManifest("lab/tool", "1.0");
    if (credentials.kind === "registry") await asked;
    else expect((await failureOf(asked)).message).toContain("which is on another domain");
    expect(stranger.requests).toEqual([]);
  });

  test("does not follow a redirect of the token service", async () => {
    requireSignIn();
    upstream.addImage("lab/tool", "1.0");
    const action = { kind: "status", status: 307, headers: { location: `${stranger.url}/token` } } as const;
    upstream.fault({ match: { kind: "token" }, action });
    const { client } = clientOf(upstream, { credentials });
    const asked = client.getManifest("lab/tool", "1.0");
    if (credentials.kind === "registry") await asked;
    else await failureOf(asked);
    expect(secretsIn(stranger.requests)).toEqual([]);
  });

  test("is in no message, even where the upstream repeats it", async () => {
    const message = `bad credentials ${SECRETS.join(" ")} at https://s3.example/x?X-Signature=abc`;
    const body = JSON.stringify({ errors: [{ code: "DENIED", message }] });
    upstream.fault({ action: { kind: "status", status: 403, body } });
    const { client } = clientOf(upstream, { credentials });
    const error = await failureOf(client.getManifest("lab/tool", "1.0"));
    expect(error.code).toBe("upstream-denied");
    const own = "password" in credentials ? credentials.password : "";
    const tokens = "identityToken" in credentials ? credentials.identityToken : own;
    const secret = "registryToken" in credentials ? credentials.registryToken : tokens;
    expect(error.message).toContain("DENIED: bad credentials");
    expect(error.message).not.toContain(secret);
    expect(error.message).not.toContain("X-Signature");
  });
});

test("a token got for one upstream is not sent to another", async () => {
  const credentials: UpstreamCredentials = { kind: "basic", ...USER };
  for (const one of [upstream, stranger]) {
    one.configure({ auth: { scheme: "bearer", ...USER, anonymous: false } });
    one.addImage("lab/tool", "1.0");
    await clientOf(one, { credentials }).client.getManifest("lab/tool", "1.0");
  }
  const tokensOf = (one: FaultUpstream): (string | undefined)[] =>
    one.requests
      .map(({ headers }) => headers["authorization"])
      .filter((value) => value?.startsWith("Bearer"));
  expect(tokensOf(upstream)).toHaveLength(1);
  expect(tokensOf(stranger)).toHaveLength(1);
  expect(tokensOf(stranger)).not.toEqual(tokensOf(upstream));
});

test("not even where both name the same token service", async () => {
  const credentials: UpstreamCredentials = { kind: "basic", ...USER };
  const realm = `${stranger.url}/token`;
  for (const one of [upstream, stranger]) {
    one.configure({ auth: { scheme: "bearer", ...USER, anonymous: false, realm } });
    one.addImage("lab/tool", "1.0");
  }
  for (const one of [upstream, stranger]) {
    const { client } = clientOf(one, { credentials, realms: [realm] });
    await client.getManifest("lab/tool", "1.0").catch(() => {});
  }
  const sentTo = (one: FaultUpstream): Set<string | undefined> =>
    new Set(
      one.requests
        .map(({ headers }) => headers["authorization"])
        .filter((value) => value?.startsWith("Bearer")),
    );
  expect(sentTo(upstream).size).toBeGreaterThan(0);
  expect(sentTo(stranger).intersection(sentTo(upstream)).size).toBe(0);
});

test("a listed token service elsewhere is used", async () => {
  upstream.configure({
    auth: { scheme: "bearer", ...USER, anonymous: false, realm: `${stranger.url}/token` },
  });
  stranger.configure({ auth: { scheme: "bearer", ...USER, anonymous: false } });
  upstream.addImage("lab/tool", "1.0");
  const credentials: UpstreamCredentials = { kind: "basic", ...USER };
  const { client } = clientOf(upstream, { credentials, realms: [`${stranger.url}/token`] });
  // The stranger's tokens mean nothing here; that it was asked is what counts.
  await failureOf(client.getManifest("lab/tool", "1.0"));
  expect(stranger.counters.byPath["GET /token"]).toBeGreaterThan(0);
});

test("a redirect from https to plain http is not followed", async () => {
  const sent: string[] = [];
  const { client } = clientOf(
    { url: "https://registry.example" },
    {
      fetch: (url) => {
        sent.push(url);
        return Promise.resolve(
          new Response(null, { status: 302, headers: { location: "http://registry.example/" } }),
        );
      },
    },
  );
  expect((await failureOf(client.getManifest("lab/tool", "1.0"))).message).toContain(
    "only https is followed",
  );
  expect(sent).toEqual(["https://registry.example/v2/lab/tool/manifests/1.0"]);
});
