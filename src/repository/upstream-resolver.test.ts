import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRegistry, sifManifest } from "../../test/support/fake-registry.ts";
import { MemoryManifests } from "../../test/support/memory-manifests.ts";
import { sha256Bytes } from "../../test/support/sha256.ts";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { Database } from "./database.ts";
import { REFUSAL_MS } from "./guarded-source.ts";
import { Membership } from "./membership.ts";
import { UpstreamResolver } from "./upstream-resolver.ts";

const TTL = 60_000;
const STALE = 3_600_000;
const PATH = "lab/team/lolcow";
const LAYER = parseDigest(`sha256:${"1".repeat(64)}`);
const OTHER_LAYER = parseDigest(`sha256:${"2".repeat(64)}`);
const UNKNOWN = parseDigest(`sha256:${"f".repeat(64)}`);

let nowMs = 0;
let registry: FakeRegistry;
let manifests: MemoryManifests;
let storage: SqliteStorage;
let background: Promise<unknown>[];
let membership: Membership;
let resolver: UpstreamResolver;

/** Starts the object, as if for the first time since an eviction. */
function start(upstreamBudgetMs = 10_000): void {
  const database = new Database(storage, PATH);
  membership = new Membership(database);
  resolver = new UpstreamResolver({
    database,
    source: registry,
    manifests,
    path: PATH,
    repository: "team/lolcow",
    tagTtlMs: TTL,
    staleIfErrorMs: STALE,
    upstreamBudgetMs,
    keepAlive: (work) => background.push(work),
    now: () => nowMs,
  });
}

function image(layer: Digest): object {
  return sifManifest({ digest: layer, size: 42 });
}

function fail(code: ErrorCode, retryAfterSeconds?: number): void {
  registry.failure = new RegistryError(code, `Cannot ask: ${code}`, { retryAfterSeconds });
}

/** What was asked since the last look. */
function asked(): string[] {
  return registry.asked.splice(0);
}

/** Resolves the tag once, and lets its time go by. */
async function resolveThenWait(tag: string, waitMs = TTL): Promise<void> {
  await resolver.resolve({ tag });
  asked();
  nowMs += waitMs;
}

const withCode = (code: ErrorCode) => expect.objectContaining({ code });

beforeEach(() => {
  vi.spyOn(console, "log").mockReturnValue();
  nowMs = Date.parse("2026-05-01T00:00:00Z");
  registry = new FakeRegistry();
  manifests = new MemoryManifests();
  storage = new SqliteStorage();
  background = [];
  start();
});

describe("a tag", () => {
  it("is looked up by one GET for a whole herd", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    const answers = await Promise.all(Array.from({ length: 200 }, () => resolver.resolve({ tag: "1.0" })));
    expect(asked()).toEqual(["GET 1.0"]);
    expect(new Set(answers.map((answer) => answer.digest))).toEqual(new Set([digest]));
    expect(answers[0]).toMatchObject({ freshness: "fresh", checkedAtMs: nowMs, firstNamedMs: nowMs });
    expect(manifests.stored.get(digest)?.bytes.byteLength).toBe(answers[0]?.sizeBytes);
    expect(membership.blob(LAYER)).toMatchObject({ manifestDigest: digest });
  });

  it("is believed for its time without a look at upstream or store, then confirmed by HEAD alone", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0", TTL - 1);
    manifests.looks = 0;
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
    expect([asked(), manifests.looks]).toEqual([[], 0]);
    nowMs += 1;
    await Promise.all([resolver.resolve({ tag: "1.0" }), resolver.resolve({ tag: "1.0" })]);
    expect(asked()).toEqual(["HEAD 1.0"]);
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ checkedAtMs: nowMs });
    expect(asked()).toEqual([]);
  });

  it("moves when the upstream moved it, and what it named before still belongs here", async () => {
    const before = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0");
    const after = registry.push(image(OTHER_LAYER), "1.0");
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest: after, freshness: "fresh" });
    expect(membership.blob(LAYER)).toMatchObject({ manifestDigest: before });
    expect(membership.blob(OTHER_LAYER)).toMatchObject({ manifestDigest: after });
    asked();
    expect(await resolver.resolve({ digest: before })).toMatchObject({ digest: before });
    expect(asked()).toEqual([]);
  });

  it("costs one GET where the upstream does not know HEAD", async () => {
    registry.withoutHead = true;
    const digest = registry.push(image(LAYER), "1.0");
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest });
    expect(asked()).toEqual(["GET 1.0"]);
    expect(manifests.stored.has(digest)).toBe(true);
  });

  it("is still known after an eviction", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0", TTL - 1);
    start();
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
    expect(asked()).toEqual([]);
  });

  it("that nobody has is asked for once in a while only", async () => {
    const ask = () => resolver.resolve({ tag: "none" });
    await expect(Promise.all([ask(), ask()])).rejects.toThrow(withCode("image-unknown"));
    await expect(ask()).rejects.toThrow(withCode("image-unknown"));
    expect(asked()).toEqual(["GET none"]);
    nowMs += REFUSAL_MS;
    registry.push(image(LAYER), "none");
    expect(await ask()).toMatchObject({ freshness: "fresh" });
    expect(storage.sql.exec("SELECT tag FROM tags").toArray()).toEqual([{ tag: "none" }]);
  });

  it("that the upstream deleted is forgotten, its image is not", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0");
    registry.tags.delete("1.0");
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("image-unknown"));
    fail("upstream-unavailable");
    nowMs += REFUSAL_MS;
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-unavailable"));
    expect(await resolver.resolve({ digest })).toMatchObject({ digest });
  });

  it("whose manifest is damaged on the way is refused, and nothing is stored", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    const bytes = new TextEncoder().encode("<html>Welcome</html>");
    registry.substitute = { bytes, mediaType: "text/html", digest: parseDigest(sha256Bytes(bytes)) };
    await expect(resolver.resolve({ digest })).rejects.toThrow(withCode("digest-mismatch"));
    registry.substitute = { bytes, mediaType: "text/html", digest };
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("invalid-manifest"));
    expect(manifests.stored.size).toBe(0);
    expect(membership.manifest(digest)).toBeUndefined();
    registry.substitute = undefined;
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest });
  });
});

describe("a tag whose upstream cannot answer", () => {
  it.each(["upstream-unavailable", "upstream-timeout", "upstream-rate-limited"] as const)(
    "is served stale after %s, and the upstream is asked once in the tag's time",
    async (code) => {
      const digest = registry.push(image(LAYER), "1.0");
      await resolveThenWait("1.0");
      fail(code);
      const stale = {
        digest,
        freshness: "stale",
        staleReason: code,
        staleSinceMs: nowMs,
        checkedAtMs: nowMs - TTL,
      };
      const answers = await Promise.all([resolver.resolve({ tag: "1.0" }), resolver.resolve({ tag: "1.0" })]);
      expect(answers).toMatchObject([stale, stale]);
      nowMs += TTL - 1;
      start();
      expect(await resolver.resolve({ tag: "1.0" })).toMatchObject(stale);
      expect(asked()).toEqual(["HEAD 1.0"]);
      nowMs += 1;
      registry.failure = undefined;
      expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
      expect(asked()).toEqual(["HEAD 1.0"]);
    },
  );

  it("is not served stale for ever", async () => {
    registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0", TTL + STALE - 1);
    fail("upstream-unavailable");
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "stale" });
    nowMs += 1;
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-unavailable"));
  });

  it("is an error when it was never known", async () => {
    fail("upstream-timeout");
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-timeout"));
  });

  it("keeps its old image when the new one cannot be had", async () => {
    const before = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0");
    const after = registry.push(image(OTHER_LAYER), "1.0");
    const bytes = new TextEncoder().encode("cut off");
    registry.substitute = { bytes, mediaType: "application/json", digest: after };
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({
      digest: before,
      freshness: "stale",
      staleReason: "invalid-manifest",
    });
    expect([...manifests.stored.keys()]).toEqual([before]);
  });

  it("does not ask before the time that the upstream named, for any tag", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    registry.push(image(OTHER_LAYER), "2.0");
    await resolveThenWait("1.0");
    fail("upstream-rate-limited", 600);
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "stale" });
    registry.failure = undefined;
    nowMs += 599_000;
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "stale" });
    await expect(resolver.resolve({ tag: "2.0" })).rejects.toThrow(
      expect.objectContaining({ code: "upstream-rate-limited", retryAfterSeconds: 1 }),
    );
    expect(asked()).toEqual(["HEAD 1.0"]);
    nowMs += 1000;
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "fresh" });
    expect(await resolver.resolve({ tag: "2.0" })).toMatchObject({ freshness: "fresh" });
  });

  it("is served stale when the upstream hangs, while one check goes on", async () => {
    const before = registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0");
    start(5);
    const after = registry.push(image(OTHER_LAYER), "1.0");
    const gate = Promise.withResolvers<void>();
    registry.gate = gate.promise;
    const ask = () => resolver.resolve({ tag: "1.0" });
    const stale = { digest: before, freshness: "stale", staleReason: "upstream-timeout" };
    expect(await Promise.all([ask(), ask()])).toMatchObject([stale, stale]);
    expect(await ask()).toMatchObject(stale);
    expect(asked()).toEqual(["HEAD 1.0"]);
    gate.resolve();
    await Promise.all(background);
    expect(await ask()).toMatchObject({ digest: after, freshness: "fresh" });
    expect(asked()).toEqual([`GET ${after}`]);
  });

  it("does not fail anything when a check that nobody waits for fails", async () => {
    registry.push(image(LAYER), "1.0");
    await resolveThenWait("1.0");
    start(5);
    const gate = Promise.withResolvers<void>();
    registry.gate = gate.promise;
    fail("upstream-unavailable");
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ staleReason: "upstream-timeout" });
    gate.resolve();
    const settled = await Promise.allSettled(background);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({ staleReason: "upstream-unavailable" });
    expect(asked()).toEqual(["HEAD 1.0"]);
  });
});

describe("a denial", () => {
  it("is an answer: nothing that was learnt before is served", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    registry.push(image(LAYER), "2.0");
    await resolver.resolve({ tag: "2.0" });
    await resolveThenWait("1.0");
    fail("upstream-denied");
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    expect(membership.blob(LAYER)).toBeNull();
    await expect(resolver.resolve({ tag: "2.0" })).rejects.toThrow(withCode("upstream-denied"));
    await expect(resolver.resolve({ digest })).rejects.toThrow(withCode("upstream-denied"));
    expect(asked()).toEqual(["HEAD 1.0", "GET 2.0", `GET ${digest}`]);
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    expect(asked()).toEqual([]);
  });

  it("ends when the upstream lets us read again", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    const first = await resolver.resolve({ tag: "1.0" });
    nowMs += TTL;
    fail("upstream-denied");
    await expect(resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    registry.failure = undefined;
    nowMs += REFUSAL_MS;
    expect(await resolver.resolve({ tag: "1.0" })).toMatchObject({
      digest,
      firstNamedMs: first.firstNamedMs,
    });
    expect(membership.blob(LAYER)).not.toBeNull();
  });
});

describe("a digest", () => {
  it("that is not known here is asked of the upstream, by one GET for a herd", async () => {
    const digest = registry.push(image(LAYER));
    manifests.stored.set(digest, {
      bytes: new Uint8Array(),
      mediaType: "of/another-repository",
      storedMs: 0,
    });
    await Promise.all(Array.from({ length: 20 }, () => resolver.resolve({ digest })));
    expect(asked()).toEqual([`GET ${digest}`]);
    expect(membership.blob(LAYER)).not.toBeNull();
  });

  it("that the upstream does not have is unknown, however many others have it", async () => {
    manifests.stored.set(UNKNOWN, {
      bytes: new Uint8Array(),
      mediaType: "of/another-repository",
      storedMs: 0,
    });
    await expect(resolver.resolve({ digest: UNKNOWN })).rejects.toThrow(withCode("image-unknown"));
    await expect(resolver.resolve({ digest: UNKNOWN })).rejects.toThrow(withCode("image-unknown"));
    expect(asked()).toEqual([`GET ${UNKNOWN}`]);
  });

  it("that is known is looked for in the store once after a start, and fetched where it is missing", async () => {
    const digest = registry.push(image(LAYER));
    await resolver.resolve({ digest });
    start();
    manifests.looks = 0;
    await resolver.resolve({ digest });
    await resolver.resolve({ digest });
    expect(manifests.looks).toBe(1);
    asked();
    manifests.stored.clear();
    start();
    expect(await resolver.resolve({ digest })).toMatchObject({ digest, freshness: "fresh" });
    expect(asked()).toEqual([`GET ${digest}`]);
    expect(manifests.stored.has(digest)).toBe(true);
  });

  it("is looked for again when the caller did not find its bytes", async () => {
    const digest = registry.push(image(LAYER), "1.0");
    await resolver.resolve({ tag: "1.0" });
    manifests.stored.clear();
    asked();
    await resolver.resolve({ tag: "1.0" }, { confirmStored: true });
    await resolver.resolve({ digest }, { confirmStored: true });
    expect(asked()).toEqual([`GET ${digest}`]);
    expect(manifests.stored.has(digest)).toBe(true);
  });
});
