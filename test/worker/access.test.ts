import { afterEach, describe, expect, it } from "vitest";
import type { TEST_TOKENS } from "../support/worker-settings.ts";
import { type FreshImage, bearer, digestOf, edge, freshImage, problemOf, upstream } from "./edge.ts";

type Who = keyof typeof TEST_TOKENS | "anonymous" | "wrong";

function credentials(who: Who): Record<string, string> {
  if (who === "anonymous") return {};
  if (who === "wrong") return { Authorization: "Bearer no-such-token" };
  return bearer(who);
}

/** What each caller meets at a private upstream; `undefined` for those who may read. */
const REFUSALS: readonly (readonly [Who, [number, string] | undefined])[] = [
  ["anonymous", [401, "unauthorized"]],
  ["wrong", [401, "unauthorized"]],
  ["expired", [401, "unauthorized"]],
  ["stranger", [403, "forbidden"]],
  ["reader", undefined],
  ["admin", undefined],
];

/** Every way under `/v1` to read of an image, or to have it read. */
function readings(image: FreshImage): string[] {
  const byDigest = `vault/${image.repository}@${image.manifestDigest}`;
  const byBoth = `vault/${image.repository}:1.0@${image.manifestDigest}`;
  const encoded = image.vaultReference.replaceAll("/", "%2F");
  return [image.vaultReference, byDigest, byBoth, encoded].flatMap((reference) => [
    `GET /v1/digest/${reference}`,
    `GET /v1/images/${reference}`,
    `HEAD /v1/images/${reference}`,
    `GET /v1/cache/${reference}`,
    `PUT /v1/cache/${reference}`,
  ]);
}

function send(request: string, headers: Record<string, string>): Promise<Response> {
  const [method = "", path = ""] = request.split(" ");
  return edge(path, { method, headers });
}

afterEach(async () => {
  await upstream.clearFaults();
});

describe("a private upstream's image", () => {
  it.each<["cold" | "cached" | "evicted"]>([["cold"], ["cached"], ["evicted"]])(
    "that is %s is readable with a token for it alone",
    async (state) => {
      const image = await freshImage({ sizeBytes: 3000 });
      if (state !== "cold") {
        const response = await edge(`/v1/images/${image.vaultReference}`, { headers: bearer("reader") });
        expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
      }
      if (state === "evicted") {
        await edge(`/v1/cache/${image.vaultReference}`, { method: "DELETE", headers: bearer("admin") });
      }
      const asked = (await upstream.requests()).length;
      const refused = REFUSALS.flatMap(([who, refusal]) => (refusal === undefined ? [] : [{ who, refusal }]));
      for (const { who, refusal } of refused) {
        for (const request of readings(image)) {
          const response = await send(request, credentials(who));
          expect(response.status, `${request} by ${who}`).toBe(refusal[0]);
          expect(response.headers.get("WWW-Authenticate") !== null).toBe(refusal[0] === 401);
          if (request.startsWith("HEAD")) continue;
          const text = await response.text();
          expect(JSON.parse(text)).toMatchObject({ code: refusal[1] });
          expect(text).not.toContain(image.digest);
        }
      }
      // Nobody who was refused had the upstream asked, not even for whether there is such a thing.
      expect((await upstream.requests()).length).toBe(asked);
      for (const request of readings(image)) {
        const response = await send(request, credentials("reader"));
        expect(response.status, request).toBe(request.startsWith("PUT") ? 202 : 200);
        await response.arrayBuffer();
      }
    },
  );

  it("is refused just as one that does not exist", async () => {
    const image = await freshImage();
    await (await edge(`/v1/images/${image.vaultReference}`, { headers: bearer("reader") })).arrayBuffer();
    const nowhere = { repository: "team/nowhere", digest: `sha256:${"0".repeat(64)}` };
    for (const who of ["anonymous", "wrong", "expired", "stranger"] as const) {
      for (const path of ["/v1/digest/", "/v1/images/", "/v1/cache/"]) {
        const [here, elsewhere] = [
          await edge(`${path}vault/${image.repository}@${image.manifestDigest}`, {
            headers: credentials(who),
          }),
          await edge(`${path}vault/${nowhere.repository}@${nowhere.digest}`, { headers: credentials(who) }),
        ];
        expect(Object.fromEntries(here.headers)).toEqual(Object.fromEntries(elsewhere.headers));
        expect((await here.text()).replaceAll(image.repository, nowhere.repository)).toBe(
          await elsewhere.text(),
        );
      }
    }
  });

  it("is not had through a public upstream that does not name it, whatever the cache holds", async () => {
    const image = await freshImage();
    await (await edge(`/v1/images/${image.vaultReference}`, { headers: bearer("reader") })).arrayBuffer();
    // The bytes of manifest and blob are in the store now; `lab` has another repository, without them.
    const other = await freshImage();
    for (const digest of [image.manifestDigest, image.digest]) {
      const answer = await problemOf(await edge(`/v1/digest/lab/${other.repository}@${digest}`));
      expect(answer).toMatchObject({ status: 404, code: "image-unknown" });
    }
  });

  it("is not had under a blob's digest, which is no manifest's", async () => {
    const image = await freshImage();
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    const answer = await problemOf(await edge(`/v1/images/lab/${image.repository}@${image.digest}`));
    expect(answer).toMatchObject({ status: 404, code: "image-unknown" });
  });
});

describe("a public upstream's image", () => {
  it.each<[who: Who, status: number]>([
    ["anonymous", 200],
    ["reader", 200],
    // Right credentials of someone who may do less are still anyone's rights.
    ["stranger", 200],
    // Wrong ones are an error even where none are needed, so that a client learns of it.
    ["wrong", 401],
    ["expired", 401],
  ])("is read by %s with %d", async (who, status) => {
    const image = await freshImage();
    for (const path of ["/v1/digest/", "/v1/images/", "/v1/cache/"]) {
      const response = await edge(path + image.reference, { headers: credentials(who) });
      expect(response.status, path).toBe(status);
      await response.arrayBuffer();
    }
  });
});

describe("what needs a scope", () => {
  it.each<[request: string, scope: string, allowed: readonly Who[], status: number]>([
    ["DELETE /v1/cache/", "admin", ["admin"], 204],
    ["POST /v1/links/", "link", ["linker", "admin"], 201],
  ])("%s needs %s, on a public upstream too", async (request, _scope, allowed, status) => {
    const image = await freshImage();
    for (const who of [
      "anonymous",
      "wrong",
      "expired",
      "stranger",
      "reader",
      "pusher",
      "linker",
      "admin",
    ] as const) {
      const response = await send(`${request}${image.reference}`, credentials(who));
      const refusal = ["anonymous", "wrong", "expired"].includes(who) ? 401 : 403;
      expect(response.status, who).toBe(allowed.includes(who) ? status : refusal);
      await response.arrayBuffer();
    }
  });

  it("is granted by Basic as by Bearer, and to the token's own name alone", async () => {
    const image = await freshImage();
    const basic = (name: string, token: string) => ({ Authorization: `Basic ${btoa(`${name}:${token}`)}` });
    const path = `/v1/digest/${image.vaultReference}`;
    expect((await edge(path, { headers: basic("reader", "test-reader-token") })).status).toBe(200);
    expect((await edge(path, { headers: basic("admin", "test-reader-token") })).status).toBe(401);
    for (const value of [
      "Basic",
      "Basic !",
      `Basic ${btoa("reader")}`,
      "Bearer",
      "Digest x",
      "test-reader-token",
    ]) {
      expect((await edge(path, { headers: { Authorization: value } })).status, value).toBe(401);
    }
  });
});
