import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, inject, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { unwrap } from "../../src/outcome.ts";
import type { NewLink } from "../../src/repository/link-record.ts";
import { ManifestStore } from "../../src/store/manifest-store.ts";
import { remoteFaultUpstream } from "../support/fault-remote.ts";
import { later } from "./clock.ts";

const upstream = remoteFaultUpstream(inject("faultUpstreamUrl"));
const { REPOSITORIES: repositories, BUCKET: bucket } = env as unknown as Env;
const manifests = new ManifestStore(bucket);
const TAG_TTL_MS = 60_000;

afterEach(async () => {
  await upstream.clearFaults();
});

function open(path: string) {
  const stub = repositories.getByName(path);
  return {
    stub,
    resolve: async (wanted: { tag: string } | { digest: Digest }) => unwrap(await stub.resolve(path, wanted)),
    blob: async (digest: string) => unwrap(await stub.blob(path, parseDigest(digest))),
    createLink: async (link: NewLink) => unwrap(await stub.createLink(path, link)),
    listLinks: async () => unwrap(await stub.listLinks(path)),
    openLink: async (id: string) => unwrap(await stub.openLink(path, id, "start")),
  };
}

/** The manifest requests that the upstream received for a repository, such as `HEAD 1.0`. */
async function asked(repository: string): Promise<string[]> {
  const prefix = `/v2/${repository}/manifests/`;
  const requests = await upstream.requests();
  return requests
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ method, path }) => `${method} ${path.slice(prefix.length)}`);
}

function newLink(id: string, digest: string): NewLink {
  return {
    id,
    digest: parseDigest(digest),
    filename: "tool.sif",
    createdBy: "admin",
    createdMs: Date.now(),
    expiresMs: Date.now() + 3_600_000,
    maxDownloads: 1,
    sizeBytes: 1024,
    mediaType: "application/vnd.sylabs.sif.layer.v1.sif",
    lastModifiedMs: 0,
  };
}

describe("the Repository object", () => {
  it("looks a tag up once for a herd, and stores the manifest byte for byte", async () => {
    const image = await upstream.addImage("repository/herd", "1.0", { seed: 11, title: "tool.sif" });
    const repository = open("lab/repository/herd");
    const answers = await Promise.all(Array.from({ length: 30 }, () => repository.resolve({ tag: "1.0" })));
    expect(new Set(answers.map(({ digest }) => digest))).toEqual(new Set([image.manifestDigest]));
    expect(await asked("repository/herd")).toEqual(["GET 1.0"]);
    const stored = await manifests.get(parseDigest(image.manifestDigest));
    expect(stored).toMatchObject({ mediaType: image.mediaType });
    expect(stored?.bytes.byteLength).toBe(image.manifestSizeBytes);
    expect(await repository.blob(image.digest)).toMatchObject({ sizeBytes: 1024, title: "tool.sif" });
    expect(await open("lab/repository/elsewhere").blob(image.digest)).toBeNull();
  });

  it("keeps tags, membership and links through an eviction", async () => {
    const image = await upstream.addImage("repository/kept", "1.0", { seed: 12 });
    const repository = open("lab/repository/kept");
    const before = await repository.resolve({ tag: "1.0" });
    const blob = await repository.blob(image.digest);
    await repository.createLink(newLink("one", image.digest));
    await repository.openLink("one");
    await evictDurableObject(repository.stub);
    expect(await repository.resolve({ tag: "1.0" })).toEqual(before);
    expect(await repository.resolve({ digest: before.digest })).toMatchObject({
      digest: image.manifestDigest,
    });
    expect(await repository.blob(image.digest)).toEqual(blob);
    expect(await repository.listLinks()).toMatchObject([{ id: "one", downloads: 1, maxDownloads: 1 }]);
    await expect(repository.openLink("one")).rejects.toMatchObject({ code: "link-used-up" });
    expect(await asked("repository/kept")).toEqual(["GET 1.0"]);
  });

  it("serves a stale answer while the upstream fails, even after an eviction", async () => {
    const image = await upstream.addImage("repository/stale", "1.0", { seed: 13 });
    const repository = open("lab/repository/stale");
    await repository.resolve({ tag: "1.0" });
    later(TAG_TTL_MS);
    await upstream.fault({
      match: { repository: "repository/stale" },
      action: { kind: "status", status: 429, headers: { "retry-after": "3600" } },
    });
    const stale = { digest: image.manifestDigest, freshness: "stale", staleReason: "upstream-rate-limited" };
    expect(await repository.resolve({ tag: "1.0" })).toMatchObject(stale);
    const count = (await asked("repository/stale")).length;
    await evictDurableObject(repository.stub);
    expect(await repository.resolve({ tag: "1.0" })).toMatchObject(stale);
    expect((await asked("repository/stale")).length).toBe(count);
  });

  it("never stores a manifest whose bytes are not those of its digest", async () => {
    const image = await upstream.addImage("repository/damaged", "1.0", { seed: 14 });
    const id = await upstream.fault({
      match: { repository: "repository/damaged", method: "GET", kind: "manifest" },
      action: { kind: "flip", afterBytes: 20 },
    });
    const repository = open("lab/repository/damaged");
    await expect(repository.resolve({ tag: "1.0" })).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(await upstream.faultHits(id)).toBeGreaterThan(0);
    expect(await manifests.get(parseDigest(image.manifestDigest))).toBeNull();
    // What is known of the blob is the upstream's own word, nothing that the manifest says.
    expect(await repository.blob(image.digest)).not.toHaveProperty("manifestDigest");
    await upstream.clearFaults(id);
    expect(await repository.resolve({ tag: "1.0" })).toMatchObject({ digest: image.manifestDigest });
  });

  it("writes nothing for a repository that nobody has", async () => {
    const repository = open("lab/repository/none");
    await expect(repository.resolve({ tag: "1.0" })).rejects.toMatchObject({ code: "image-unknown" });
    const tables = await runInDurableObject(repository.stub, (_object, state) =>
      state.storage.sql
        .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
        .toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("has no registry but the configured ones", async () => {
    await expect(open("example.org/a").resolve({ tag: "1.0" })).rejects.toMatchObject({
      code: "registry-not-allowed",
    });
    await expect(open("local/a").resolve({ tag: "1.0" })).rejects.toMatchObject({ code: "image-unknown" });
  });

  it("answers for its own path only, and shows its calls alone", async () => {
    const repository = open("lab/repository/own");
    await repository.createLink(newLink("one", `sha256:${"a".repeat(64)}`));
    expect(await repository.stub.listLinks("lab/repository/other")).toMatchObject({
      ok: false,
      error: { code: "internal-error" },
    });
    const reachable = await runInDurableObject(repository.stub, (object) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(object)).sort(),
    );
    expect(reachable).toEqual(
      [
        "alarm",
        "beginPush",
        "blob",
        "constructor",
        "createLink",
        "delete",
        "deleteBlob",
        "expect",
        "forgetDeleted",
        "forgetMembers",
        "holdBlob",
        "listLinks",
        "listTags",
        "openLink",
        "putManifest",
        "referrers",
        "resolve",
        "revokeLink",
        "takeBlob",
      ].sort(),
    );
  });
});
