import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { caretakerOf } from "../../src/caretaker/caretaker-of.ts";
import { scheduled } from "../../src/scheduled.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { type CommitRecord, CommitStore } from "../../src/store/commit-store.ts";
import { pieceKey } from "../../src/store/keys.ts";
import { pieceByIndex } from "../../src/store/layout.ts";
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
  problemOf,
  received,
  upstream,
} from "./edge.ts";

const WEEK_MS = 7 * 24 * 3_600_000;
const SIZE = 600_000;
const commits = new CommitStore(env.BUCKET);
let nowMs = Date.now();

afterEach(async () => {
  await upstream.clearFaults();
  // Each test has the bucket to itself, so that what a pass finds is its own.
  const { objects } = await env.BUCKET.list({ prefix: "blobs/" });
  await env.BUCKET.delete(objects.map(({ key }) => key));
});

async function committed(
  headers: Record<string, string> = {},
): Promise<FreshImage & { commit: CommitRecord }> {
  const image = await freshImage({ sizeBytes: SIZE });
  await (await edge(`/v1/images/${image.reference}`, { headers })).arrayBuffer();
  await cacheState(image.reference, "committed");
  const commit = await commits.get(parseDigest(image.digest));
  if (commit === null) throw new Error("The blob is not committed");
  return { ...image, commit };
}

/** A pass over all that is committed. */
async function scrub() {
  nowMs += WEEK_MS;
  expect(await caretakerOf(env).round(nowMs)).toMatchObject({ ok: true });
  const status = await edge("/v1/status", { headers: bearer("admin") });
  const { scrub: found } = await status.json<{
    scrub: Readonly<Record<string, unknown>> & { damages: { readonly detail: string }[] };
  }>();
  return found;
}

async function expectHealed(image: FreshImage): Promise<void> {
  expect(await cacheState(image.reference, "committed", "failed")).toMatchObject({ state: "committed" });
  const response = await edge(`/v1/images/${image.reference}`);
  expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
  expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
}

async function keysOf({ commit }: { readonly commit: CommitRecord }): Promise<string[]> {
  const { objects } = await env.BUCKET.list({ prefix: `chunks/${commit.fillId}/` });
  return objects.map(({ key }) => key);
}

const fetched = async (image: FreshImage) => (await upstream.counters()).blobBytes[image.digest];

describe("the scrub", () => {
  it("reads what is committed again and leaves it as it is", async () => {
    const images = [await committed(), await committed()];
    expect(await scrub()).toMatchObject({ checked: 2, bytes: 2 * SIZE, missing: 0, altered: 0, skipped: 0 });
    for (const image of images) {
      expect(await commits.get(parseDigest(image.digest))).toEqual(image.commit);
      expect(await fetched(image)).toBe(SIZE);
    }
  });

  it("goes past what is no blob", async () => {
    await committed();
    await env.BUCKET.put("blobs/README", "put here by hand");
    expect(await scrub()).toMatchObject({ checked: 1, skipped: 0, endedAt: new Date(nowMs).toISOString() });
  });

  it("finds bytes that were overwritten, and fetches the blob again", async () => {
    const image = await committed();
    const key = pieceKey(image.commit.fillId, 3);
    const bytes = new Uint8Array((await (await env.BUCKET.get(key))?.arrayBuffer()) ?? new ArrayBuffer(0));
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    await env.BUCKET.put(key, bytes);
    const found = await scrub();
    expect(found).toMatchObject({ checked: 1, altered: 1, missing: 0 });
    expect(found.damages[0]).toMatchObject({ digest: image.digest, kind: "altered", refilling: true });
    await expectHealed(image);
    expect(await fetched(image)).toBe(2 * SIZE);
    expect((await env.BUCKET.list({ prefix: `chunks/${image.commit.fillId}/` })).objects).toEqual([]);
    expect(await scrub()).toMatchObject({ checked: 1, altered: 0 });
  });

  it.each([
    ["is gone", (key: string) => env.BUCKET.delete(key)],
    ["is shorter", (key: string) => env.BUCKET.put(key, "short")],
    ["is longer", (key: string) => env.BUCKET.put(key, new Uint8Array(SIZE))],
  ])("finds a piece that %s, and fetches that one alone", async (_what, damage) => {
    const image = await committed();
    const { startBytes, endBytes } = pieceByIndex(image.commit.layout, 5);
    await damage(pieceKey(image.commit.fillId, 5));
    const found = await scrub();
    expect(found).toMatchObject({ checked: 1, altered: 0, missing: 1 });
    expect(found.damages[0]).toMatchObject({ digest: image.digest, kind: "missing", refilling: true });
    await expectHealed(image);
    expect(await fetched(image)).toBe(SIZE + endBytes - startBytes);
  });

  it("drops what it cannot fetch again itself; the next request does", async () => {
    const lent = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    const image = await committed(lent);
    await env.BUCKET.delete(pieceKey(image.commit.fillId, 5));
    const found = await scrub();
    expect(found.damages[0]).toMatchObject({ kind: "missing", refilling: false });
    expect((await cacheState(image.reference)).state).toBe("absent");
    const again = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await again.arrayBuffer())).toBe(image.digest);
  });

  it.each([
    ["altered", (key: string, bytes: number) => env.BUCKET.put(key, new Uint8Array(bytes))],
    ["missing", (key: string) => env.BUCKET.delete(key)],
  ])(
    "takes a blob with a %s piece that a repository holds out of use, and leaves its pieces",
    async (kind, damage) => {
      const image = await committed();
      const digest = parseDigest(image.digest);
      const blob = env.BLOBS.getByName(digest);
      expect(await blob.pin(digest, { repository: "local/held", generation: 1 })).toEqual({
        ok: true,
        value: true,
      });
      const { startBytes, endBytes } = pieceByIndex(image.commit.layout, 5);
      await damage(pieceKey(image.commit.fillId, 5), endBytes - startBytes);
      const before = await keysOf(image);
      const found = await scrub();
      expect(found).toMatchObject({ checked: 1, [kind]: 1 });
      expect(found.damages[0]).toMatchObject({ digest: image.digest, kind, refilling: false });
      expect(found.damages[0]?.detail).toContain("until the same image is pushed again");
      expect(await commits.get(digest)).toBeNull();
      expect(await keysOf(image)).toEqual(before);
      expect(await fetched(image)).toBe(SIZE);
      expect(await cacheState(image.reference)).toMatchObject({
        state: "failed",
        detail: expect.stringContaining("push the same image again") as string,
      });
      // Nobody drops what a repository holds, and an upstream that has it mends it.
      await blob.drop();
      expect(await keysOf(image)).toEqual(before);
      expect(await digestOf(await (await edge(`/v1/images/${image.reference}`)).arrayBuffer())).toBe(
        image.digest,
      );
      await expectHealed(image);
    },
  );

  describe("of an image that was pushed here", () => {
    const headers = bearer("pusher");

    async function published() {
      const sif = makeSif({ seed: freshSeed(), sizeBytes: SIZE });
      const repository = `local/${freshRepository()}`;
      const bytes = Uint8Array.from(sif.bytes);
      const put = () => edge(`/v1/images/${repository}:1.0`, { method: "PUT", body: bytes, headers });
      expect((await put()).status).toBe(201);
      const commit = await commits.get(parseDigest(sif.digest));
      if (commit === null) throw new Error("The image is not there");
      const get = (method = "GET") => edge(`/v1/images/${repository}:1.0`, { method, headers });
      return { digest: sif.digest, bytes, commit, repository, put, get };
    }

    const damages = [
      [
        "altered",
        async (key: string) => {
          const { size = 0 } = (await env.BUCKET.head(key)) ?? {};
          await env.BUCKET.put(key, new Uint8Array(size));
        },
      ],
      ["missing", (key: string) => env.BUCKET.delete(key)],
    ] as const;

    it.each(damages)(
      "that has a piece %s: it is refused, and mended by pushing it again",
      async (_kind, damage) => {
        const image = await published();
        await damage(pieceKey(image.commit.fillId, 1));
        await scrub();
        expect((await image.get("HEAD")).status).toBe(404);
        const refused = await problemOf(await image.get());
        expect(refused).toMatchObject({ status: 404, code: "blob-unknown" });
        expect(refused.detail).toContain("push the same image again");

        expect((await image.put()).status).toBe(201);
        const healed = await image.get();
        expect(healed.headers.get("Cache-Status")).toBe("sif-edge; hit");
        expect(await digestOf(await healed.arrayBuffer())).toBe(image.digest);
        expect(await keysOf(image)).toEqual([]);
        expect(await scrub()).toMatchObject({ missing: 0, altered: 0 });
      },
    );

    it("is mended by an OCI client, which asks first whether a blob is there", async () => {
      const image = await published();
      await env.BUCKET.delete(pieceKey(image.commit.fillId, 1));
      await scrub();
      const blob = `/v2/${image.repository}/blobs/${image.digest}`;
      expect((await edge(blob, { method: "HEAD", headers })).status).toBe(404);
      const upload = `/v2/${image.repository}/blobs/uploads/?digest=${image.digest}`;
      expect((await edge(upload, { method: "POST", body: image.bytes, headers })).status).toBe(201);
      expect((await edge(blob, { method: "HEAD", headers })).status).toBe(200);
      expect(await digestOf(await (await edge(blob, { headers })).arrayBuffer())).toBe(image.digest);
    });

    it("is found by a reader, too", async () => {
      const image = await published();
      await env.BUCKET.delete(pieceKey(image.commit.fillId, 1));
      expect((await received(await image.get())).complete).toBe(false);
      expect(await problemOf(await image.get())).toMatchObject({ status: 404, code: "blob-unknown" });
      expect((await image.put()).status).toBe(201);
      expect(await digestOf(await (await image.get()).arrayBuffer())).toBe(image.digest);
    });
  });

  it("disturbs no one who reads or fills meanwhile", async () => {
    const image = await committed();
    const cold = await freshImage({ sizeBytes: SIZE });
    await upstream.fault({
      match: { kind: "blob", reference: cold.digest },
      action: { kind: "throttle", bytesPerSecond: 300_000 },
    });
    const readers = [image, cold, image].map((each) => edge(`/v1/images/${each.reference}`));
    const scrubbing = scrub();
    const digests = await Promise.all(
      readers.map(async (each) => digestOf(await (await each).arrayBuffer())),
    );
    expect(digests).toEqual([image.digest, cold.digest, image.digest]);
    expect(await scrubbing).toMatchObject({ missing: 0, altered: 0 });
    expect(await fetched(image)).toBe(SIZE);
    expect(await fetched(cold)).toBe(SIZE);
  });

  it("has a blob mended while it is read", async () => {
    const image = await committed();
    await env.BUCKET.delete(pieceKey(image.commit.fillId, 5));
    const readers = [0, 1, 2].map(() => edge(`/v1/images/${image.reference}`));
    const [, ...digests] = await Promise.all([
      scrub(),
      ...readers.map(async (each) => digestOf(await (await each).arrayBuffer())),
    ]);
    expect(digests).toEqual([image.digest, image.digest, image.digest]);
    await expectHealed(image);
  });

  it("is started by the clock", async () => {
    await committed();
    nowMs += WEEK_MS;
    await scheduled(createScheduledController({ scheduledTime: new Date(nowMs), cron: "17 * * * *" }), env);
    const status = await edge("/v1/status", { headers: bearer("admin") });
    const { scrub: found } = await status.json<{ scrub: unknown }>();
    expect(found).toMatchObject({ startedAt: new Date(nowMs).toISOString(), checked: 1 });
  });
});
