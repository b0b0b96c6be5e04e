import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { later } from "./clock.ts";
import { bearer, cacheState, digestOf, edge, freshRepository, freshSeed, upstream } from "./edge.ts";

const KIB = 1024;
const HOUR_MS = 3_600_000;
const headers = bearer("pusher");

async function publish(sizeBytes = 200 * KIB) {
  const sif = makeSif({ seed: freshSeed(), sizeBytes });
  const name = `local/${freshRepository()}`;
  const put = await edge(`/v1/images/${name}:1.0`, {
    method: "PUT",
    body: Uint8Array.from(sif.bytes),
    headers,
  });
  expect(put.status).toBe(201);
  return { name, reference: `${name}:1.0`, digest: sif.digest, bytes: Uint8Array.from(sif.bytes) };
}

async function piecesOf(fillId: string): Promise<number> {
  return (await env.BUCKET.list({ prefix: `chunks/${fillId}/` })).objects.length;
}

function commitOf(digest: string) {
  return new CommitStore(env.BUCKET).get(parseDigest(digest));
}

/** Runs what the repository's alarm does. */
async function collect(name: string): Promise<void> {
  await runDurableObjectAlarm(env.REPOSITORIES.getByName(name));
}

function remove(reference: string): Promise<Response> {
  return edge(`/v1/images/${reference}`, { method: "DELETE", headers });
}

async function download(reference: string): Promise<string> {
  const response = await edge(`/v1/images/${reference}`, { headers });
  expect(response.status).toBe(200);
  return digestOf(await response.arrayBuffer());
}

describe("a blob that a repository of the service's own holds", () => {
  it("does not go because nobody reads it", async () => {
    const { reference, digest } = await publish();
    const stub = env.BLOBS.getByName(digest);
    await runInDurableObject(stub, (_object, state) => {
      const record = state.storage.kv.get<{ lastReadMs: number }>("blob");
      state.storage.kv.put("blob", { ...record, lastReadMs: 0 });
    });
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    expect(await download(reference)).toBe(digest);
  });

  it("does not go with the cache of an upstream that has it, too", async () => {
    const repository = freshRepository();
    const image = await upstream.addImage(repository, "1.0", { sizeBytes: 200 * KIB, seed: freshSeed() });
    const cached = `lab/${repository}:1.0`;
    const bytes = await (await edge(`/v1/images/${cached}`)).arrayBuffer();
    await cacheState(cached, "committed");
    const name = `local/${freshRepository()}`;
    const upload = `/v2/${name}/blobs/uploads/`;
    const mounted = await edge(`${upload}?mount=${image.digest}&from=lab/${repository}`, {
      method: "POST",
      headers,
    });
    expect(mounted.status).toBe(201);
    const drop = await edge(`/v1/cache/${cached}`, { method: "DELETE", headers: bearer("admin") });
    expect(drop.status).toBe(204);
    const blob = await edge(`/v2/${name}/blobs/${image.digest}`, { headers });
    expect(await digestOf(await blob.arrayBuffer())).toBe(await digestOf(bytes));
  });

  it("is mounted from where the caller may read it, and from nowhere else", async () => {
    const { name, digest } = await publish();
    const other = `local/neighbours/${freshRepository()}`;
    const mount = (from: string, token: "pusher" | "neighbour") =>
      edge(`/v2/${other}/blobs/uploads/?mount=${digest}&from=${from}`, {
        method: "POST",
        headers: bearer(token),
      });
    expect((await mount(`local/${freshRepository()}`, "pusher")).status).toBe(202);
    expect((await mount("..", "pusher")).status).toBe(202);
    expect((await mount(name, "neighbour")).status).toBe(202);
    expect((await edge(`/v2/${other}/blobs/${digest}`, { headers })).status).toBe(404);
    expect((await mount(name, "pusher")).status).toBe(201);
    expect((await edge(`/v2/${other}/blobs/${digest}`, { method: "HEAD", headers })).status).toBe(200);
  });

  it("goes with its last tag, two days later, pieces and all", async () => {
    const { name, reference, digest } = await publish();
    const commit = await commitOf(digest);
    expect((await remove(reference)).status).toBe(202);
    later(25 * HOUR_MS);
    await collect(name);
    expect(await piecesOf(commit?.fillId ?? "")).toBeGreaterThan(0);
    later(25 * HOUR_MS);
    await collect(name);
    expect(await piecesOf(commit?.fillId ?? "")).toBe(0);
    expect(await commitOf(digest)).toBeNull();
    expect((await edge(`/v1/images/${reference}`, { headers })).status).toBe(404);
  });

  it("stays while another repository holds it", async () => {
    const first = await publish();
    const second = `local/${freshRepository()}`;
    const put = await edge(`/v1/images/${second}:1.0`, { method: "PUT", body: first.bytes, headers });
    expect(put.status).toBe(201);
    await remove(first.reference);
    for (const hours of [25, 25]) {
      later(hours * HOUR_MS);
      await collect(first.name);
    }
    expect((await edge(`/v2/${first.name}/blobs/${first.digest}`, { headers })).status).toBe(404);
    expect(await download(`${second}:1.0`)).toBe(first.digest);
  });

  it("is there for a push that began before the collection and ends after it", async () => {
    const { name, reference, digest } = await publish();
    const manifest = await (await edge(`/v2/${name}/manifests/1.0`, { headers })).text();
    await remove(reference);
    later(25 * HOUR_MS);
    await collect(name);
    // The image is gone, its blobs are in their last day; a client asks whether it must upload them.
    later(23 * HOUR_MS);
    const named = JSON.parse(manifest) as { config: { digest: string }; layers: { digest: string }[] };
    for (const blob of [named.config.digest, digest]) {
      expect((await edge(`/v2/${name}/blobs/${blob}`, { method: "HEAD", headers })).status).toBe(200);
    }
    later(20 * HOUR_MS);
    await collect(name);
    const put = await edge(`/v2/${name}/manifests/2.0`, {
      method: "PUT",
      body: manifest,
      headers: { ...headers, "Content-Type": "application/vnd.oci.image.manifest.v1+json" },
    });
    expect(put.status).toBe(201);
    later(1000 * HOUR_MS);
    await collect(name);
    expect(await download(`${name}:2.0`)).toBe(digest);
  });
});

describe("an upload that nobody finishes", () => {
  it("goes a day after its last byte, and leaves nothing", async () => {
    const name = `local/${freshRepository()}`;
    const opened = await edge(`/v2/${name}/blobs/uploads/`, { method: "POST", headers });
    let location = opened.headers.get("Location") ?? "";
    const id = opened.headers.get("Docker-Upload-UUID") ?? "";
    const add = async () => {
      const added = await edge(location, { method: "PATCH", body: new Uint8Array(100 * KIB), headers });
      location = added.headers.get("Location") ?? "";
    };
    await add();
    later(23 * HOUR_MS);
    await add();
    later(23 * HOUR_MS);
    const stub = env.UPLOADS.getByName(id);
    await runDurableObjectAlarm(stub);
    expect(await piecesOf(id)).toBe(4);
    later(2 * HOUR_MS);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    expect(await piecesOf(id)).toBe(0);
    expect((await edge(location, { headers })).status).toBe(404);
    const left = await runInDurableObject(stub, (_object, state) => [...state.storage.kv.list()].length);
    expect(left).toBe(0);
  });

  it("but whose blob was taken, keeps the blob", async () => {
    const bytes = makeSif({ seed: freshSeed() }).bytes;
    const digest = await digestOf(Uint8Array.from(bytes));
    const name = `local/${freshRepository()}`;
    const opened = await edge(`/v2/${name}/blobs/uploads/`, { method: "POST", headers });
    const location = opened.headers.get("Location") ?? "";
    await edge(`${location}?digest=${digest}`, { method: "PUT", body: Uint8Array.from(bytes), headers });
    const stub = env.UPLOADS.getByName(opened.headers.get("Docker-Upload-UUID") ?? "");
    // As if the object had gone before it heard that the blob was taken.
    await runInDurableObject(stub, (_object, state) => {
      const record = state.storage.kv.get<object>("upload");
      state.storage.kv.put("upload", { ...record, state: "committing" });
    });
    await evictDurableObject(stub);
    const giveUp = await edge(location, { method: "DELETE", headers });
    expect(giveUp.status).toBe(400);
    later(50 * HOUR_MS);
    await runDurableObjectAlarm(stub);
    expect((await edge(location, { headers })).status).toBe(404);
    const blob = await edge(`/v2/${name}/blobs/${digest}`, { headers });
    expect(await digestOf(await blob.arrayBuffer())).toBe(digest);
  });
});
