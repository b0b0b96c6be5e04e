import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { caretakerOf } from "../../src/caretaker/caretaker-of.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { newFillId, pieceKey } from "../../src/store/keys.ts";
import { PieceStore } from "../../src/store/piece-store.ts";
import { makeSif } from "../support/sif-fixture.ts";
import {
  type FreshImage,
  bearer,
  cacheState,
  digestOf,
  edge,
  freshImage,
  freshRepository,
  freshSeed,
  upstream,
} from "./edge.ts";

const DAY_MS = 24 * 3_600_000;
const SIZE = 600_000;
const pieces = new PieceStore(env.BUCKET);
const commits = new CommitStore(env.BUCKET);

/** Rounds begin later and later, so that each is a pass of its own, and all that is stored is old. */
let nowMs = Date.now();
beforeEach(() => {
  nowMs = Math.max(nowMs, Date.now());
});
afterEach(async () => {
  await upstream.clearFaults();
});

async function sweep(): Promise<void> {
  nowMs += 2 * DAY_MS;
  expect(await caretakerOf(env).round(nowMs)).toMatchObject({ ok: true });
}

interface SweepStatus {
  readonly checked: number;
  readonly deleted: number;
  readonly unattributed: number;
  readonly skipped: number;
  readonly endedAt: string | null;
}

async function report(): Promise<SweepStatus> {
  const status = await edge("/v1/status", { headers: bearer("admin") });
  return (await status.json<{ sweep: SweepStatus }>()).sweep;
}

/** Pieces that belong to nobody, as a fill leaves them whose object was replaced at the wrong moment. */
async function orphan(count = 3): Promise<string> {
  const digest = await digestOf(crypto.getRandomValues(new Uint8Array(16)));
  const fillId = newFillId(parseDigest(digest));
  for (let index = 0; index < count; index++) await env.BUCKET.put(pieceKey(fillId, index), "x");
  return fillId;
}

async function fillOf(image: FreshImage): Promise<string> {
  return (await commits.get(parseDigest(image.digest)))?.fillId ?? "";
}

async function committed(): Promise<FreshImage> {
  const image = await freshImage({ sizeBytes: SIZE });
  await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
  await cacheState(image.reference, "committed");
  return image;
}

function slow(image: FreshImage, bytesPerSecond: number): Promise<number> {
  return upstream.fault({
    match: { kind: "blob", reference: image.digest },
    action: { kind: "throttle", bytesPerSecond },
  });
}

describe("the sweep", () => {
  it("deletes what nobody names, when it is old, and nothing else", async () => {
    const image = await committed();
    const fillId = await fillOf(image);
    const before = await pieces.list(fillId);
    const left = await orphan();
    await env.BUCKET.put("chunks/6f1c9d2e-of-an-unknown-kind/0", "x");

    // All of it is too young.
    await caretakerOf(env).round(Date.now());
    expect(await report()).toMatchObject({ deleted: 0, checked: 3, unattributed: 1 });
    expect((await pieces.list(left)).size).toBe(3);

    await sweep();
    expect(await report()).toMatchObject({ deleted: 1, checked: 3, unattributed: 1 });
    expect((await pieces.list(left)).size).toBe(0);
    expect(await pieces.list(fillId)).toEqual(before);
    expect((await pieces.list("6f1c9d2e-of-an-unknown-kind")).size).toBe(1);
    await pieces.deleteAll("6f1c9d2e-of-an-unknown-kind");
    const again = await edge(`/v1/images/${image.reference}`);
    expect(again.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await again.arrayBuffer())).toBe(image.digest);
  });

  it("goes past a blob that cannot be asked, and so does the clock's other work", async () => {
    const image = await committed();
    const stub = env.BLOBS.getByName(image.digest);
    // As a newer version of the service may have left it.
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.kv.put("blob", { ...storage.kv.get<object>("blob"), version: 2 });
    });
    await evictDurableObject(stub);
    const before = (await pieces.list(await fillOf(image))).size;
    const orphans = await Promise.all([1, 2, 3].map(() => orphan()));
    // The scrub is due too.
    nowMs += 7 * DAY_MS;
    await sweep();
    expect(await report()).toMatchObject({ deleted: 3, skipped: 1, endedAt: expect.any(String) as string });
    for (const fillId of orphans) expect((await pieces.list(fillId)).size).toBe(0);
    expect((await pieces.list(await fillOf(image))).size).toBe(before);
    const status = await edge("/v1/status", { headers: bearer("admin") });
    expect(await status.json()).toMatchObject({ scrub: { skipped: 1 } });
    await runInDurableObject(stub, (_object, { storage }) => storage.deleteAll());
    await evictDurableObject(stub);
  });

  it("goes through more than one page", async () => {
    const orphans = await Promise.all(Array.from({ length: 230 }, () => orphan(1)));
    await sweep();
    expect((await report()).deleted).toBe(230);
    for (const fillId of orphans) expect((await pieces.list(fillId)).size).toBe(0);
  });

  it("passes once a day, however often it is woken", async () => {
    await sweep();
    const left = await orphan();
    await caretakerOf(env).round(nowMs + DAY_MS / 2);
    expect((await pieces.list(left)).size).toBe(3);
    await sweep();
    expect((await pieces.list(left)).size).toBe(0);
  });

  it("touches no fill that runs, over an eviction too", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    const throttle = await slow(image, 200_000);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const reader = edge(`/v1/images/${image.reference}`);
    for (let round = 0; round < 3; round++) {
      const { stored } = await cacheState(image.reference);
      while ((await cacheState(image.reference)).stored === stored)
        await new Promise((r) => setTimeout(r, 20));
      await sweep();
    }
    expect((await cacheState(image.reference)).state).toBe("filling");
    await upstream.clearFaults(throttle);
    expect(await digestOf(await (await reader).arrayBuffer())).toBe(image.digest);
    await cacheState(image.reference, "committed");
    await evictDurableObject(env.BLOBS.getByName(image.digest));
    await sweep();
    expect((await pieces.list(await fillOf(image))).size).toBeGreaterThan(1);
    expect((await upstream.counters()).blobBytes[image.digest]).toBe(SIZE);
  });

  it("touches no pieces that a failed fill left to go on from", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "drop", atByte: 400_000 },
    });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const { stored } = await cacheState(image.reference, "failed");
    expect(stored).toBeGreaterThan(0);
    await sweep();
    expect((await cacheState(image.reference)).stored).toBe(stored);
  });

  it("touches no committed blob that is being mended, whose record is away meanwhile", async () => {
    const image = await committed();
    const fillId = await fillOf(image);
    await pieces.delete(fillId, 8);
    await slow(image, 20_000);
    const download = edge(`/v1/images/${image.reference}`).then((response) => response.arrayBuffer());
    await cacheState(image.reference, "filling");
    expect(await commits.get(parseDigest(image.digest))).toBeNull();
    const before = await pieces.list(fillId);
    expect(before.size).toBeGreaterThan(5);
    await sweep();
    expect(await pieces.list(fillId)).toEqual(before);
    await upstream.clearFaults();
    expect(await digestOf(await download)).toBe(image.digest);
  });

  describe("of uploads", () => {
    const headers = bearer("pusher");
    const bytes = () => Uint8Array.from(makeSif({ seed: freshSeed(), sizeBytes: SIZE }).bytes);
    const left = async (id: string) => (await pieces.list(id)).size;
    const note = (id: string) => env.BUCKET.head(`owners/${id}`);

    async function start(repository: string): Promise<{ id: string; location: string }> {
      const started = await edge(`/v2/${repository}/blobs/uploads/`, { method: "POST", headers });
      const location = started.headers.get("Location") ?? "";
      return { id: started.headers.get("Docker-Upload-UUID") ?? "", location };
    }

    /** @returns where the upload goes on */
    async function add(location: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
      const added = await edge(location, { method: "PATCH", body, headers });
      expect(added.status).toBe(202);
      return added.headers.get("Location") ?? "";
    }

    async function finish(location: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
      const digest = await digestOf(body);
      expect((await edge(`${location}?digest=${digest}`, { method: "PUT", headers })).status).toBe(201);
      return digest;
    }

    it("touches no upload that goes on, nor the blob that it becomes", async () => {
      const repository = `local/${freshRepository()}`;
      const body = bytes();
      const { id, location } = await start(repository);
      const next = await add(location, body.subarray(0, 300_000));
      const stored = await left(id);
      expect(stored).toBeGreaterThan(1);
      await sweep();
      expect(await left(id)).toBe(stored);
      const digest = await finish(await add(next, body.subarray(300_000)), body);
      await sweep();
      expect((await report()).unattributed).toBe(0);
      // Its session is forgotten by then.
      await runInDurableObject(env.UPLOADS.getByName(id), (_object, state) => state.storage.deleteAll());
      await evictDurableObject(env.UPLOADS.getByName(id));
      await sweep();
      const got = await edge(`/v2/${repository}/blobs/${digest}`, { headers });
      expect(await digestOf(await got.arrayBuffer())).toBe(digest);
      expect(await note(id)).not.toBeNull();
    });

    it("deletes the pieces of one whose session is gone", async () => {
      const { id, location } = await start(`local/${freshRepository()}`);
      await add(location, bytes());
      await runInDurableObject(env.UPLOADS.getByName(id), (_object, state) => state.storage.deleteAll());
      await evictDurableObject(env.UPLOADS.getByName(id));
      await sweep();
      expect(await left(id)).toBe(0);
      expect(await report()).toMatchObject({ deleted: 1, unattributed: 0 });
    });

    it("ends one whose time is over although its alarm was lost, pieces and all", async () => {
      const { id, location } = await start(`local/${freshRepository()}`);
      await add(location, bytes());
      await runInDurableObject(env.UPLOADS.getByName(id), async (_object, state) => {
        const record = state.storage.kv.get<object>("upload");
        state.storage.kv.put("upload", { ...record, expiresMs: Date.now() - 1 });
        await state.storage.deleteAlarm();
      });
      await evictDurableObject(env.UPLOADS.getByName(id));
      await sweep();
      expect(await left(id)).toBe(0);
      const again = await edge(location, { headers });
      expect(again.status).toBe(404);
    });

    it("deletes what a writer stored after its upload was given up", async () => {
      const { id, location } = await start(`local/${freshRepository()}`);
      await add(location, bytes());
      expect((await edge(location, { method: "DELETE", headers })).status).toBe(204);
      await env.BUCKET.put(pieceKey(id, 7), "late");
      await caretakerOf(env).round(Date.now() + 3_600_000);
      expect(await left(id)).toBe(1);
      await sweep();
      expect(await left(id)).toBe(0);
    });

    it("deletes the pieces of a blob that has gone by accident, and their note", async () => {
      const body = bytes();
      const { id, location } = await start(`local/${freshRepository()}`);
      await add(location, body);
      const digest = await finish(location, body);
      for (const stub of [env.BLOBS.getByName(digest), env.UPLOADS.getByName(id)]) {
        await runInDurableObject(stub, (_object, state) => state.storage.deleteAll());
        await evictDurableObject(stub);
      }
      await commits.delete(parseDigest(digest));
      expect(await left(id)).toBeGreaterThan(0);
      await sweep();
      expect(await left(id)).toBe(0);
      expect(await note(id)).toBeNull();
    });

    it("leaves alone what an older version stored, which tells nobody's name", async () => {
      const id = "0123456789abcdef0123456789abcdef";
      await env.BUCKET.put(pieceKey(id, 0), "x");
      await sweep();
      expect(await left(id)).toBe(1);
      expect((await report()).unattributed).toBe(1);
      await env.BUCKET.delete(pieceKey(id, 0));
    });
  });
});
