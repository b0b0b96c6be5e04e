import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { pieceKey } from "../../src/store/keys.ts";
import { largestPieceBytes } from "../support/worker-settings.ts";
import { bearer, cacheState, digestOf, edge, freshImage, upstream } from "./edge.ts";

const KIB = 1024;
const SIZE = 1000 * KIB;

afterEach(async () => {
  await upstream.clearFaults();
});

/** Warms an image from a slow upstream until about half of it is stored. */
async function halfFilled() {
  const image = await freshImage({ sizeBytes: SIZE });
  await upstream.fault({
    match: { kind: "blob", reference: image.digest },
    action: { kind: "throttle", bytesPerSecond: 300 * KIB },
  });
  expect((await edge(`/v1/cache/${image.reference}`, { method: "PUT" })).status).toBe(202);
  while ((await cacheState(image.reference)).stored < SIZE / 3)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return image;
}

async function fetchedTwice(digest: string): Promise<number> {
  return ((await upstream.counters()).blobBytes[digest] ?? 0) - SIZE;
}

/** What three connections may have had on the wire, not stored yet, when everything stopped. */
const IN_FLIGHT = 3 * largestPieceBytes(SIZE);

describe("a fill whose object is gone", () => {
  it("goes on from the stored pieces when the next reader comes", async () => {
    const image = await halfFilled();
    await abortAllDurableObjects();
    await upstream.clearFaults();
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await fetchedTwice(image.digest)).toBeLessThanOrEqual(IN_FLIGHT);
  });

  it("is taken up by its readers themselves, who notice a pause", async () => {
    const image = await halfFilled();
    const reading = edge(`/v1/images/${image.reference}`).then((response) => response.arrayBuffer());
    await new Promise((resolve) => setTimeout(resolve, 100));
    await abortAllDurableObjects();
    await upstream.clearFaults();
    expect(await digestOf(await reading)).toBe(image.digest);
    expect(await fetchedTwice(image.digest)).toBeLessThanOrEqual(IN_FLIGHT);
  });

  it("is taken up by its alarm when nobody comes", async () => {
    const image = await halfFilled();
    await abortAllDurableObjects();
    await upstream.clearFaults();
    const { runDurableObjectAlarm } = await import("cloudflare:test");
    await runDurableObjectAlarm(env.BLOBS.getByName(image.digest));
    await cacheState(image.reference, "committed");
    expect(await fetchedTwice(image.digest)).toBeLessThanOrEqual(IN_FLIGHT);
  });

  it("remembers that it is committed after an eviction", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    await evictDurableObject(env.BLOBS.getByName(image.digest));
    expect((await cacheState(image.reference)).state).toBe("committed");
  });
});

describe("a committed blob that lost a piece", () => {
  it("has that piece fetched again while it is read", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(image.digest));
    await env.BUCKET.delete(pieceKey(commit?.fillId ?? "", 9));

    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await fetchedTwice(image.digest)).toBeLessThanOrEqual(largestPieceBytes(SIZE));
    expect((await cacheState(image.reference, "committed")).state).toBe("committed");
  });

  it("has all of them fetched again when all are lost", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(image.digest));
    const pieces = await env.BUCKET.list({ prefix: `chunks/${commit?.fillId}/` });
    await env.BUCKET.delete(pieces.objects.map(({ key }) => key));

    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
  });
});

describe("a blob that nobody reads", () => {
  it("is dropped by its alarm after the idle time, pieces and all", async () => {
    const { runDurableObjectAlarm, runInDurableObject } = await import("cloudflare:test");
    const image = await freshImage({ sizeBytes: SIZE });
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(image.digest));
    const stub = env.BLOBS.getByName(image.digest);

    await runDurableObjectAlarm(stub);
    expect((await cacheState(image.reference)).state).toBe("committed");

    await runInDurableObject(stub, (_object, state) => {
      const record = state.storage.kv.get<{ lastReadMs: number }>("blob");
      state.storage.kv.put("blob", { ...record, lastReadMs: Date.now() - 2_592_000_000 });
    });
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    expect((await cacheState(image.reference)).state).toBe("absent");
    expect((await env.BUCKET.list({ prefix: `chunks/${commit?.fillId}/` })).objects).toEqual([]);
    expect(await new CommitStore(env.BUCKET).get(parseDigest(image.digest))).toBeNull();
  });
});

describe("a blob that is read slowly", () => {
  it("is refused to nobody while it is warmed a second time", async () => {
    const image = await freshImage({ sizeBytes: SIZE });
    const states = await Promise.all(
      Array.from({ length: 5 }, () =>
        edge(`/v1/cache/${image.reference}`, { method: "PUT", headers: bearer("reader") }),
      ),
    );
    expect(states.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await cacheState(image.reference, "committed");
    expect(await fetchedTwice(image.digest)).toBe(0);
  });
});
