import { describe, expect, it } from "vitest";
import { later } from "./clock.ts";
import { bearer, cacheState, digestOf, edge, freshImage, upstream } from "./edge.ts";
import { RESUME_SECONDS, makeLink, downloadsOf, codeAt } from "./link-requests.ts";

describe("the downloads of a link", () => {
  it("are those that start at the beginning, and only so many", async () => {
    const image = await freshImage({ sizeBytes: 100_000 });
    const { path } = await makeLink(image.reference, { maxDownloads: 3 });
    const etag = `"${image.digest}"`;
    const take = async (headers: Record<string, string> = {}, method = "GET") => {
      const response = await edge(path, { method, headers });
      await response.body?.cancel();
      return response.status;
    };
    const free: [Record<string, string>, string, number][] = [
      [{}, "HEAD", 200],
      [{ Range: "bytes=1-" }, "GET", 206],
      [{ Range: "bytes=-5" }, "GET", 206],
      [{ Range: "bytes=500-", "If-Range": etag }, "GET", 206],
      [{ Range: "bytes=100000-" }, "GET", 416],
      [{ "If-None-Match": etag }, "GET", 304],
      [{ "If-Match": '"other"' }, "GET", 412],
    ];
    const counted: [Record<string, string>, number][] = [
      [{}, 200],
      [{ Range: "bytes=0-9" }, 206],
      // Ranges that are answered with the whole are starts.
      [{ Range: "bytes=500-", "If-Range": '"other"' }, 200],
    ];
    for (const [headers, method, status] of free) expect(await take(headers, method)).toBe(status);
    expect(await downloadsOf(image)).toBe(0);
    for (const [index, [headers, status]] of counted.entries()) {
      expect(await take(headers)).toBe(status);
      expect(await downloadsOf(image)).toBe(index + 1);
    }
    for (const headers of [
      {},
      { Range: "bytes=0-" },
      { Range: "bytes=5-6,7-8" },
      { Range: "bytes=5-", "If-Range": '"x"' },
    ]) {
      expect(await codeAt(path, { headers })).toBe("link-used-up");
    }
    expect(await downloadsOf(image)).toBe(3);
    // The last one may still be going on.
    expect(await take({ Range: "bytes=99999-", "If-Range": etag })).toBe(206);
    expect(await take({}, "HEAD")).toBe(200);
    later(RESUME_SECONDS * 1000);
    expect(await codeAt(path, { headers: { Range: "bytes=99999-", "If-Range": etag } })).toBe("link-used-up");
  });

  it("that it does not permit bring nothing into the cache", async () => {
    const image = await freshImage({ sizeBytes: 3000 });
    const { path } = await makeLink(image.reference, { maxDownloads: 1 });
    expect((await (await edge(path)).arrayBuffer()).byteLength).toBe(3000);
    await cacheState(image.reference, "committed");
    await edge(`/v1/cache/${image.reference}`, { method: "DELETE", headers: bearer("admin") });
    const fetched = (await upstream.counters()).blobBytes[image.digest];
    for (const headers of [{}, { Range: "bytes=5-", "If-Range": '"x"' }]) {
      expect(await codeAt(path, { headers })).toBe("link-used-up");
    }
    expect((await cacheState(image.reference)).state).toBe("absent");
    expect((await upstream.counters()).blobBytes[image.digest]).toBe(fetched);
    // Who has begun may go on, and brings it back.
    const rest = await edge(path, { headers: { Range: "bytes=5-", "If-Range": `"${image.digest}"` } });
    expect((await rest.arrayBuffer()).byteLength).toBe(2995);
    expect(await downloadsOf(image)).toBe(1);
  });

  it("at once are counted one by one", async () => {
    const image = await freshImage();
    const { path } = await makeLink(image.reference, { maxDownloads: 4 });
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const response = await edge(path);
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    expect(statuses.filter((status) => status === 403)).toHaveLength(8);
  });

  it("are counted from a range that covers the end only of an expired link never", async () => {
    const image = await freshImage({ sizeBytes: 3000 });
    const { path } = await makeLink(image.reference, { expiresIn: 60, maxDownloads: 1 });
    expect((await edge(path)).status).toBe(200);
    later(61_000);
    const response = await edge(path, { headers: { Range: "bytes=10-", "If-Range": `"${image.digest}"` } });
    expect(response.status).toBe(206);
    expect(await downloadsOf(image)).toBe(1);
  });

  it("from a failing upstream break off, and the link lives on", async () => {
    const image = await freshImage({ sizeBytes: 200_000 });
    const { path } = await makeLink(image.reference);
    const id = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      times: 1,
      action: { kind: "flip", atByte: 100_000 },
    });
    await expect((await edge(path)).arrayBuffer()).rejects.toThrow();
    expect(await upstream.faultHits(id)).toBe(1);
    await cacheState(image.reference, "failed");
    expect(await digestOf(await (await edge(path)).arrayBuffer())).toBe(image.digest);
  });
});
