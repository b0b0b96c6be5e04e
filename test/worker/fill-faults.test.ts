import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/fault-rules.ts";
import { largestPieceBytes } from "../support/worker-settings.ts";
import { bearer, cacheState, digestOf, edge, freshImage, received, upstream } from "./edge.ts";

const KIB = 1024;
const SIZE = 700 * KIB;

afterEach(async () => {
  await upstream.clearFaults();
});

/** A new image in the upstream whose blob requests meet a fault. */
async function faultyImage(fault: Omit<Fault, "match">, options: { declaredSizeBytes?: number } = {}) {
  const image = await freshImage({ sizeBytes: SIZE, ...options });
  const id = await upstream.fault({ ...fault, match: { kind: "blob", reference: image.digest } });
  return { ...image, hits: () => upstream.faultHits(id) };
}

async function blobBytes(digest: string): Promise<number> {
  return (await upstream.counters()).blobBytes[digest] ?? 0;
}

describe("an upstream that fails while it sends a blob", () => {
  it.each([10, 50, 99])(
    "is resumed where it dropped the connection, at %d percent, unnoticed by the client",
    async (percent) => {
      const image = await faultyImage({
        times: 1,
        action: { kind: "drop", atByte: Math.floor((SIZE * percent) / 100) },
      });
      const response = await edge(`/v1/images/${image.reference}`);
      expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
      expect(await image.hits()).toBe(1);
      expect(await blobBytes(image.digest)).toBeLessThanOrEqual(SIZE + largestPieceBytes(SIZE));
    },
  );

  it.each([10, 50, 99])("is resumed where it fell silent, at %d percent", async (percent) => {
    const image = await faultyImage({
      times: 1,
      action: { kind: "stall", atByte: Math.floor((SIZE * percent) / 100) },
    });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await image.hits()).toBe(1);
    expect(await blobBytes(image.digest)).toBeLessThanOrEqual(SIZE + largestPieceBytes(SIZE));
  });

  it("is resumed although it drops every connection after some bytes", async () => {
    const image = await faultyImage({ times: 12, action: { kind: "drop", afterBytes: 40 * KIB } });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await image.hits()).toBeGreaterThan(5);
  });

  it.each([
    ["that ignores ranges", { kind: "ignore-range" }],
    ["that sends no Content-Length", { kind: "chunked" }],
  ] as const)("serves the right file from one %s", async (_what, action) => {
    const image = await faultyImage({ action });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await blobBytes(image.digest)).toBe(SIZE);
  });

  it("reads on from the start where ranges are ignored and the connection drops", async () => {
    const image = await faultyImage({ action: { kind: "ignore-range" } });
    const drop = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      times: 1,
      action: { kind: "drop", afterBytes: SIZE / 2 },
    });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await upstream.faultHits(drop)).toBe(1);
  });
});

describe("an upstream that sends wrong bytes", () => {
  it.each([0, 1000, SIZE / 2, SIZE - 1])(
    "with byte %d flipped reaches no client as a whole, and is not kept",
    async (atByte) => {
      const image = await faultyImage({ times: 1, action: { kind: "flip", atByte } });
      const responses = await Promise.all(
        Array.from({ length: 5 }, () => edge(`/v1/images/${image.reference}`)),
      );
      for (const response of responses) {
        expect(response.headers.get("Content-Length") ?? String(SIZE)).toBe(String(SIZE));
        const { bytes, complete } = await received(response);
        expect(complete).toBe(false);
        expect(bytes.length).toBeLessThan(SIZE);
      }
      expect(await image.hits()).toBe(1);
      const state = await cacheState(image.reference, "failed");
      expect(state).toMatchObject({ stored: 0 });
      expect(state.detail).toContain("another digest");

      const healed = await edge(`/v1/images/${image.reference}`);
      expect(await digestOf(await healed.arrayBuffer())).toBe(image.digest);
    },
  );

  it.each([
    ["more", SIZE - 1],
    ["fewer", SIZE + 1],
  ])(
    "as it has %s bytes than its manifest says reaches nobody as a whole",
    async (_what, declaredSizeBytes) => {
      const image = await faultyImage({ action: { kind: "delay", ms: 1 } }, { declaredSizeBytes });
      const { complete } = await received(await edge(`/v1/images/${image.reference}`));
      expect(complete).toBe(false);
      expect((await cacheState(image.reference, "failed")).detail).toContain(String(declaredSizeBytes));
    },
  );

  it("compressed, although asked not to, is refused", async () => {
    const image = await faultyImage({ action: { kind: "gzip" } });
    const { complete } = await received(await edge(`/v1/images/${image.reference}`));
    expect(complete).toBe(false);
    expect((await cacheState(image.reference, "failed")).detail).toMatch(/compressed/);
  });

  it("for another range than asked for is refused", async () => {
    const image = await faultyImage({
      action: { kind: "headers", set: { "Content-Range": `bytes 1-5/${SIZE}` } },
    });
    const { complete } = await received(await edge(`/v1/images/${image.reference}`));
    expect(complete).toBe(false);
    expect((await cacheState(image.reference, "failed")).detail).toMatch(/range/i);
  });
});

describe("a fill that failed", () => {
  it("tells why, and the next request goes on from the pieces that are there", async () => {
    const image = await faultyImage({ times: 1, action: { kind: "status", status: 404 }, skip: 6 });
    const { complete, bytes } = await received(await edge(`/v1/images/${image.reference}`));
    expect(complete).toBe(false);
    const state = await cacheState(image.reference, "failed");
    expect(state.stored).toBeGreaterThan(0);
    expect(bytes.length).toBeLessThanOrEqual(SIZE);

    const healed = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await healed.arrayBuffer())).toBe(image.digest);
    expect(await blobBytes(image.digest)).toBeLessThanOrEqual(SIZE + 3 * largestPieceBytes(SIZE));
  });

  it("because the upstream limits requests is not repeated before the time it asked for", async () => {
    const image = await faultyImage({
      action: { kind: "status", status: 429, headers: { "Retry-After": "3600" } },
    });
    expect((await received(await edge(`/v1/images/${image.reference}`))).complete).toBe(false);
    await cacheState(image.reference, "failed");
    const hits = await image.hits();

    const again = await edge(`/v1/images/${image.reference}`);
    expect(again.status).toBe(503);
    expect(Number(again.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await again.json()).toMatchObject({ code: "upstream-rate-limited" });
    expect(await image.hits()).toBe(hits);

    const realNow = Date.now;
    try {
      Date.now = () => realNow.call(Date) + 3_000_000;
      const later = await edge(`/v1/images/${image.reference}`);
      expect(later.status).toBe(503);
      const left = Number(later.headers.get("Retry-After"));
      expect(left).toBeGreaterThan(500);
      expect(left).toBeLessThanOrEqual(600);
      expect(await image.hits()).toBe(hits);
      await upstream.clearFaults();
      Date.now = () => realNow.call(Date) + 3_700_000;
      const healed = await edge(`/v1/images/${image.reference}`);
      expect(await digestOf(await healed.arrayBuffer())).toBe(image.digest);
    } finally {
      Date.now = realNow;
    }
  });
});

describe("dropping an image from the cache", () => {
  it("needs the scope admin, and the next download fetches it again", async () => {
    const image = await faultyImage({ action: { kind: "delay", ms: 0 } });
    await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
    await cacheState(image.reference, "committed");
    expect((await edge(`/v1/cache/${image.reference}`, { method: "DELETE" })).status).toBe(401);
    expect(
      (await edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("reader") })).status,
    ).toBe(403);
    expect(
      (await edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("admin") })).status,
    ).toBe(204);
    expect((await cacheState(image.reference)).state).toBe("absent");

    const again = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await again.arrayBuffer())).toBe(image.digest);
    expect(await blobBytes(image.digest)).toBe(2 * SIZE);
  });
});
