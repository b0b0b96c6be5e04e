import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { caretakerOf } from "../../src/caretaker/caretaker-of.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { type FreshImage, bearer, cacheState, edge, freshImage, problemOf, upstream } from "./edge.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

interface Status {
  readonly filling: number;
  readonly queued: number;
  readonly fills: readonly Readonly<Record<string, unknown>>[];
  readonly failures: readonly Readonly<Record<string, unknown>>[];
  readonly cache: { readonly blobs: number; readonly bytes: number; readonly complete: boolean };
}

async function status(): Promise<Status> {
  const response = await edge("/v1/status", { headers: bearer("admin") });
  expect(response.status).toBe(200);
  return response.json<Status>();
}

/** The status, once it is as wanted: notices are delivered in the background. */
async function statusOnce(wanted: (status: Status) => boolean): Promise<Status> {
  for (let tries = 0; ; tries++) {
    const found = await status();
    if (wanted(found)) return found;
    if (tries > 200) throw new Error(`The status stays ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const about = (image: FreshImage, list: Status["fills"]) =>
  list.find(({ digest }) => digest === image.digest);

describe("GET /v1/status", () => {
  it.each([
    ["anonymous", 401, "unauthorized"],
    ["reader", 403, "forbidden"],
    ["stranger", 403, "forbidden"],
    ["expired", 401, "unauthorized"],
  ] as const)("is not for %s", async (who, code, word) => {
    const headers = who === "anonymous" ? {} : bearer(who);
    expect(await problemOf(await edge("/v1/status", { headers }))).toMatchObject({
      status: code,
      code: word,
    });
  });

  it("tells what is being filled, how far and from where, until it is done", async () => {
    const image = await freshImage({ sizeBytes: 300_000 });
    const before = await status();
    const throttle = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 100_000 },
    });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    const filling = await statusOnce(({ fills }) => Number(about(image, fills)?.["stored"] ?? 0) > 0);
    expect(about(image, filling.fills)).toMatchObject({
      size: 300_000,
      repository: image.reference.slice(0, -":1.0".length),
      state: "filling",
    });
    expect(filling.filling).toBe(filling.fills.length);
    await upstream.clearFaults(throttle);
    await cacheState(image.reference, "committed");
    const done = await statusOnce(({ fills }) => about(image, fills) === undefined);
    expect(done.cache).toEqual({
      blobs: before.cache.blobs + 1,
      bytes: before.cache.bytes + 300_000,
      complete: true,
    });
  });

  it("tells the rest where one blob cannot be asked", async () => {
    const image = await freshImage({ sizeBytes: 1000 });
    const digest = parseDigest(image.digest);
    const stub = env.BLOBS.getByName(digest);
    // As a newer version of the service may have left it.
    await runInDurableObject(stub, (_object, { storage }) => storage.kv.put("blob", { version: 2, digest }));
    await caretakerOf(env).admit({ digest, sizeBytes: 1000 });
    expect(about(image, (await status()).fills)).toMatchObject({
      stored: null,
      bytesPerSecond: 0,
      size: 1000,
    });
    await caretakerOf(env).end({ digest, sizeBytes: 1000 });
  });

  it("tells what failed and why, after a restart too", async () => {
    const image = await freshImage({ sizeBytes: 100_000 });
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "flip", atByte: 5 },
    });
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "failed");
    await statusOnce(({ failures }) => about(image, failures) !== undefined);
    await abortAllDurableObjects();
    const { failures, fills } = await status();
    expect(failures[0]).toMatchObject({
      digest: image.digest,
      repository: image.reference.slice(0, -":1.0".length),
      code: "digest-mismatch",
      detail: expect.stringContaining("another digest") as unknown,
    });
    expect(about(image, fills)).toBeUndefined();
  });

  it("forgets a fill that was dropped, and keeps no lent credentials", async () => {
    const image = await freshImage({ sizeBytes: 300_000 });
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 50_000 },
    });
    const lent = btoa(JSON.stringify({ username: "a", password: "pa55word-lent" }));
    await edge(`/v1/cache/${image.reference}`, { method: "PUT", headers: { "X-Registry-Auth": lent } });
    const filling = await statusOnce(({ fills }) => about(image, fills) !== undefined);
    expect(about(image, filling.fills)).toMatchObject({ repository: null });
    await runInDurableObject(caretakerOf(env), async (_object, state) => {
      const stored = [...state.storage.kv.list()];
      expect(JSON.stringify(stored)).toContain(image.digest);
      expect(JSON.stringify(stored)).not.toContain("pa55word");
    });
    await edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("admin") });
    await statusOnce(({ fills }) => about(image, fills) === undefined);
  });
});
