/**
 * Who is shown what of a private upstream: by whom it is asked for, by what name, and how far the blob has got in a cache
 * that all repositories share.
 */

import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { TEST_TOKENS } from "../support/worker-settings.ts";
import { bearer, cacheState, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

const NOBODYS = `sha256:${"0".repeat(64)}`;
const MISSING = "missing";

afterEach(() => upstream.clearFaults());

interface Image {
  readonly repository: string;
  readonly digest: string;
  readonly manifestDigest: string;
}

/** What a client can tell apart: status, headers and body, but for the digest that it asked for itself. */
interface Seen {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

async function ask(path: string, headers: Record<string, string>, method = "GET"): Promise<Seen> {
  const response = await edge(path, { headers, method });
  const own = path.slice(path.lastIndexOf("/") + 1);
  const repository = path.replace(/^\/v2\/[^/]+\//, "").replace(/\/(?:blobs|manifests)\/.*/, "");
  const neutral = (text: string) => text.replaceAll(own, "<own>").replaceAll(repository, "<repository>");
  return {
    status: response.status,
    headers: [...response.headers].map(([name, value]) => [name, neutral(value)] as const),
    body: response.ok ? "" : neutral(await response.text()),
  };
}

async function tokenFor(repository: string): Promise<Record<string, string>> {
  const response = await edge(`/token?scope=repository:vault/${repository}:pull`, {
    headers: { Authorization: `Basic ${btoa(`reader:${TEST_TOKENS.reader}`)}` },
  });
  return { Authorization: `Bearer ${(await response.json<{ token: string }>()).token}` };
}

/** What the upstream was asked about a repository, by method and kind. */
async function questionsAbout(repository: string): Promise<string[]> {
  const prefix = `/v2/${repository}/`;
  return (await upstream.requests())
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ method, path }) => `${method} ${path.slice(prefix.length).split("/")[0]}`);
}

/** Brings an image's blob into a state, as those do who may read it. */
const STATES: Readonly<Record<string, (image: Image) => Promise<void>>> = {
  cold: () => Promise.resolve(),
  filling: async ({ repository, digest }) => {
    await upstream.fault({
      match: { repository, reference: digest, method: "GET" },
      action: { kind: "throttle", bytesPerSecond: 20_000 },
    });
    await edge(`/v1/cache/vault/${repository}:1.0`, { method: "PUT", headers: bearer("admin") });
    await cacheState(`vault/${repository}:1.0`, "filling");
  },
  committed: async ({ repository, digest }) => {
    const response = await edge(`/v2/vault/${repository}/blobs/${digest}`, { headers: bearer("reader") });
    await response.arrayBuffer();
    await edge(`/v2/vault/${repository}/manifests/1.0`, { headers: bearer("reader") });
    await cacheState(`vault/${repository}:1.0`, "committed");
  },
};

/** What one may ask for: what is there, and what nobody has. */
const NAMES: Readonly<Record<string, (image: Image) => readonly [there: string, nowhere: string]>> = {
  "a tag": () => ["manifests/1.0", `manifests/${MISSING}`],
  "a manifest's digest": ({ manifestDigest }) => [`manifests/${manifestDigest}`, `manifests/${NOBODYS}`],
  "a blob's digest": ({ digest }) => [`blobs/${digest}`, `blobs/${NOBODYS}`],
};

/** Who asks, and with what status they are answered. */
const CALLERS: readonly {
  readonly who: string;
  readonly status: number;
  readonly headers: (image: Image) => Promise<Record<string, string>>;
}[] = [
  { who: "someone without credentials", status: 401, headers: () => Promise.resolve({}) },
  {
    who: "someone with a wrong token",
    status: 401,
    headers: () => Promise.resolve({ Authorization: "Bearer wrong" }),
  },
  { who: "someone with an expired token", status: 401, headers: () => Promise.resolve(bearer("expired")) },
  {
    who: "someone with an access token for other repositories",
    status: 403,
    headers: () => Promise.resolve(bearer("guest")),
  },
  {
    who: "someone with a token from /token for another repository",
    status: 401,
    headers: () => tokenFor("team/other"),
  },
  {
    who: "someone with an access token for it",
    status: 200,
    headers: () => Promise.resolve(bearer("reader")),
  },
  {
    who: "someone with a token from /token for it",
    status: 200,
    headers: ({ repository }) => tokenFor(repository),
  },
];

const CASES = Object.keys(STATES).flatMap((state) =>
  CALLERS.flatMap((caller) =>
    Object.entries(NAMES).map(([what, name]) => ({ state, what, name, ...caller })),
  ),
);

describe("a private repository", () => {
  const images: Record<string, Image> = {};

  beforeAll(async () => {
    for (const state of Object.keys(STATES)) {
      images[state] = await upstream.addImage(freshRepository(), "1.0", {
        sizeBytes: 300_000,
        seed: freshSeed(),
      });
    }
  });

  it.each(CASES)("$state, asked for $what by $who: $status", async ({ state, name, headers, status }) => {
    const image = images[state];
    if (image === undefined) return expect.unreachable();
    // A cold one has to be cold each time.
    const target =
      state === "cold" ? await upstream.addImage(freshRepository(), "1.0", { seed: freshSeed() }) : image;
    await STATES[state]?.(target);
    const [there, nowhere] = name(target);
    const credentials = await headers(target);
    const before = await questionsAbout(target.repository);
    for (const method of ["HEAD", "GET"]) {
      const found = await ask(`/v2/vault/${target.repository}/${there}`, credentials, method);
      expect(found.status).toBe(status);
      if (status === 200) continue;
      // What is there looks like what is not, and nobody was asked, so that time tells nothing either.
      const absent = await ask(`/v2/vault/${target.repository}/${nowhere}`, credentials, method);
      expect(absent).toEqual(found);
      const foreign = await ask(`/v2/vault/team/nobodys/${there}`, credentials, method);
      expect(foreign).toEqual(found);
    }
    if (status !== 200 && state !== "filling")
      expect(await questionsAbout(target.repository)).toEqual(before);
  });

  it.each(Object.keys(STATES))("%s, lends no digest to another repository", async (state) => {
    const image = await upstream.addImage(freshRepository(), "1.0", {
      sizeBytes: 300_000,
      seed: freshSeed(),
    });
    await STATES[state]?.(image);
    /** What one sees who asks another repository for a digest, and what its upstream is asked for meanwhile. */
    const askElsewhere = async (registry: string, kind: string, digest: string, method: string) => {
      const guests = `guests/t${freshSeed()}`;
      await upstream.addImage(guests, "1.0", { seed: freshSeed() });
      const headers = registry === "vault" ? bearer("guest") : {};
      const seen = await ask(`/v2/${registry}/${guests}/${kind}/${digest}`, headers, method);
      return { seen, questions: await questionsAbout(guests) };
    };
    for (const [kind, digest] of [
      ["blobs", image.digest],
      ["manifests", image.manifestDigest],
    ] as const) {
      for (const method of ["HEAD", "GET"]) {
        // One may read the other repository of the same private upstream; the other upstream anyone may read.
        for (const registry of ["vault", "lab"]) {
          const unknown = await askElsewhere(registry, kind, NOBODYS, method);
          expect(unknown.seen.status).toBe(404);
          // The same answer after the same questions upstream: neither its words nor its time tell that others have it.
          expect(await askElsewhere(registry, kind, digest, method)).toEqual(unknown);
        }
      }
    }
  });

  it("lends no digest by a manifest that names it without having it", async () => {
    const image = await upstream.addImage(freshRepository(), "1.0", { seed: freshSeed() });
    await STATES["committed"]?.(image);
    const guests = `guests/t${freshSeed()}`;
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json" };
    const named = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: image.manifestDigest,
      size: 500,
    };
    const bytes = new TextEncoder().encode(JSON.stringify({ ...index, manifests: [named], subject: named }));
    await upstream.addManifest(guests, "1.0", bytes, index.mediaType);
    const read = (path: string) => edge(`/v2/vault/${guests}/${path}`, { headers: bearer("guest") });
    expect((await read("manifests/1.0")).status).toBe(200);
    expect((await read(`manifests/${image.manifestDigest}`)).status).toBe(404);
    expect((await read(`blobs/${image.digest}`)).status).toBe(404);
  });

  it("is not named in the reason why a blob that others have, too, could not be fetched", async () => {
    const seed = freshSeed();
    const hidden = `hidden/${freshRepository()}`;
    const image = await upstream.addImage(hidden, "1.0", { seed });
    const shared = await upstream.addImage(freshRepository(), "1.0", { seed });
    expect(shared.digest).toBe(image.digest);
    await upstream.fault({
      match: { repository: hidden, kind: "blob", method: "GET" },
      action: {
        kind: "status",
        status: 404,
        body: JSON.stringify({ errors: [{ code: "BLOB_UNKNOWN", message: `not in ${hidden}` }] }),
      },
    });
    const warming = `/v1/cache/vault/${hidden}:1.0`;
    expect((await edge(warming, { method: "PUT", headers: bearer("admin") })).status).toBe(202);
    await cacheState(`vault/${hidden}:1.0`, "failed");
    const { state, detail } = await cacheState(`lab/${shared.repository}:1.0`);
    expect(state).toBe("failed");
    expect(detail).toContain(image.digest);
    expect(detail).toContain("BLOB_UNKNOWN");
    expect(detail).not.toContain(hidden);
  });

  it.each([
    [
      "a layer that is said to be kept elsewhere",
      "application/vnd.oci.image.manifest.v1+json",
      ["https://example.org/"],
    ],
    ["a manifest of a type that nobody knows", "application/vnd.example.manifest+json", undefined],
  ])("lends no digest by %s, which registries do not look for", async (_what, mediaType, urls) => {
    const image = await upstream.addImage(freshRepository(), "1.0", {
      sizeBytes: 300_000,
      seed: freshSeed(),
    });
    await STATES["committed"]?.(image);
    const guests = `guests/t${freshSeed()}`;
    const layer = {
      mediaType: "application/vnd.sylabs.sif.layer.v1.sif",
      digest: image.digest,
      size: 300_000,
      ...(urls && { urls }),
    };
    const manifest = { schemaVersion: 2, mediaType, layers: [layer] };
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    await upstream.addManifest(guests, "1.0", bytes, mediaType);
    const read = (path: string) => edge(path, { headers: bearer("guest") });
    expect((await read(`/v2/vault/${guests}/manifests/1.0`)).status).toBe(200);
    for (const path of [
      `/v2/vault/${guests}/blobs/${image.digest}`,
      `/v1/images/vault/${guests}:1.0`,
      `/v1/inspect/vault/${guests}:1.0`,
      `/v1/cache/vault/${guests}:1.0`,
    ]) {
      const response = await read(path);
      expect([path, response.status]).toEqual([path, 404]);
      await response.body?.cancel();
    }
  });

  it.each(["/v1/search/vault?n=1", "/v2/_catalog?n=1&last=vault/"])(
    "is not named where the list of %s goes on",
    async (first) => {
      const guests = `guests/t${freshSeed()}`;
      // By their names before and behind the one that may be seen.
      for (const repository of [guests, `a/${freshRepository()}`, `z/${freshRepository()}`]) {
        await upstream.addImage(repository, "1.0", { seed: freshSeed() });
      }
      const shown: string[] = [];
      let next: string | undefined = first;
      for (let pages = 0; next !== undefined && pages < 300; pages++) {
        const response = await edge(next, { headers: bearer("guest") });
        const { images, repositories } = await response.json<{
          images?: string[];
          repositories?: string[];
        }>();
        shown.push(...(images ?? repositories ?? []));
        next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("Link") ?? "")?.[1];
        const cursor: string = new URL(next ?? "", "http://x").searchParams.get("last") ?? "";
        expect(cursor.replace("vault/", "")).toMatch(/^(?:guests\/.*)?$/);
      }
      expect(shown.some((name) => name.startsWith(`vault/${guests}`))).toBe(true);
    },
  );
});
