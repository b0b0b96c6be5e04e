import { describe, expect, it } from "vitest";
import { cacheState, digestOf, edge, freshImage, received, upstream } from "./edge.ts";

const KIB = 1024;
const CHUNK = 64 * KIB;

async function upstreamBytes(digest: string): Promise<number> {
  return (await upstream.counters()).blobBytes[digest] ?? 0;
}

describe("a cold download", () => {
  it.each([
    1,
    4 * KIB - 1,
    4 * KIB,
    4 * KIB + 1,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    5 * CHUNK + 255,
    1024 * KIB + 1,
  ])("of %d bytes is the upstream's file, and the next one comes from the cache", async (sizeBytes) => {
    const image = await freshImage({ sizeBytes });
    // There are only so many files of one byte: another test may have had the same.
    const before = await upstreamBytes(image.digest);
    const cold = await edge(`/v1/images/${image.reference}`);
    expect(cold.status).toBe(200);
    expect(cold.headers.get("Cache-Status")).toBe("sif-edge; fwd=uri-miss; stored");
    expect(await digestOf(await cold.arrayBuffer())).toBe(image.digest);

    const warm = await edge(`/v1/images/${image.reference}`);
    expect(warm.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await warm.arrayBuffer())).toBe(image.digest);
    expect((await upstreamBytes(image.digest)) - before).toBe(sizeBytes);
  });

  it("of an empty file is an empty file", async () => {
    const image = await freshImage({ sizeBytes: 0 });
    const cold = await edge(`/v1/images/${image.reference}`);
    expect(cold.status).toBe(200);
    expect((await cold.arrayBuffer()).byteLength).toBe(0);
    expect((await cacheState(image.reference, "committed")).stored).toBe(0);
  });

  it.each([8, 64])("by %d clients at once costs the upstream one download", async (clients) => {
    const image = await freshImage({ sizeBytes: 700 * KIB });
    const responses = await Promise.all(
      Array.from({ length: clients }, () => edge(`/v1/images/${image.reference}`)),
    );
    const digests = await Promise.all(
      responses.map(async (response) => digestOf(await response.arrayBuffer())),
    );
    expect(new Set(digests)).toEqual(new Set([image.digest]));
    expect(await upstreamBytes(image.digest)).toBe(image.sizeBytes);
    const statuses = responses.map((response) => response.headers.get("Cache-Status"));
    expect(statuses.filter((status) => status === "sif-edge; fwd=uri-miss; stored")).toHaveLength(1);
    expect(statuses.filter((status) => status === "sif-edge; fwd=uri-miss; stored; collapsed")).toHaveLength(
      clients - 1,
    );
  });

  it("in ranges by many clients costs the upstream one download too", async () => {
    const image = await freshImage({ sizeBytes: 600 * KIB });
    const ranges = Array.from(
      { length: 12 },
      (_, part) => [part * 50 * KIB, (part + 1) * 50 * KIB - 1] as const,
    );
    const parts = await Promise.all(
      ranges.toReversed().map(async ([first, last]) => {
        const response = await edge(`/v1/images/${image.reference}`, {
          headers: { Range: `bytes=${first}-${last}` },
        });
        expect(response.status).toBe(206);
        expect(response.headers.get("Content-Range")).toBe(`bytes ${first}-${last}/${image.sizeBytes}`);
        return response.arrayBuffer();
      }),
    );
    expect(await digestOf(await new Blob(parts.toReversed()).arrayBuffer())).toBe(image.digest);
    expect(await upstreamBytes(image.digest)).toBe(image.sizeBytes);
  });

  it("answers a range near the end while the fill has barely begun", async () => {
    const image = await freshImage({ sizeBytes: 4096 * KIB });
    const slow = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 400 * KIB },
    });
    const start = image.sizeBytes - 30 * KIB;
    const response = await edge(`/v1/images/${image.reference}`, {
      headers: { Range: `bytes=${start}-${start + 999}` },
    });
    expect((await received(response)).bytes).toHaveLength(1000);
    expect((await cacheState(image.reference)).stored).toBeLessThan(image.sizeBytes / 4);
    await upstream.clearFaults(slow);
    await cacheState(image.reference, "committed");
    expect(await upstreamBytes(image.digest)).toBe(image.sizeBytes);
  });

  it("answers a range that begins in its midst from a small piece, not a whole chunk, for nobody to keep", async () => {
    const image = await freshImage({ sizeBytes: 4096 * KIB });
    const slow = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 32 * KIB },
    });
    const start = 2000 * KIB + 123;
    const byDigest = image.reference.replace(/:[^:]*$/, `@${image.manifestDigest}`);
    const response = await edge(`/v1/images/${byDigest}`, {
      headers: { Range: `bytes=${start}-${start + 999}` },
    });
    expect(response.headers.get("Cache-Control")).toBe("no-store, no-transform");
    expect((await received(response)).bytes).toHaveLength(1000);
    expect(await upstreamBytes(image.digest)).toBeLessThan(CHUNK);
    await upstream.clearFaults(slow);
    const whole = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await whole.arrayBuffer())).toBe(image.digest);
    // What still comes so slowly counts as silence: then that piece comes again, one for each connection at most.
    expect(await upstreamBytes(image.digest)).toBeLessThan(image.sizeBytes + 3 * CHUNK);
  });

  it("goes on to its end although every client has gone", async () => {
    const image = await freshImage({ sizeBytes: 1024 * KIB });
    const response = await edge(`/v1/images/${image.reference}`);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await cacheState(image.reference, "committed");
    expect(await upstreamBytes(image.digest)).toBe(image.sizeBytes);
  });
});
