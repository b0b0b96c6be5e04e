import { afterEach, describe, expect, it } from "vitest";
import { bearer, cacheState, edge, edgeWith, freshImage, problemOf, upstream } from "./edge.ts";

afterEach(async () => {
  await upstream.clearFaults();
});

/** A rate limiter that grants so many calls to each key. */
function limiter(calls: number) {
  const seen: string[] = [];
  const limit = ({ key }: { key: string }) => {
    seen.push(key);
    return Promise.resolve({ success: seen.filter((other) => other === key).length <= calls });
  };
  return { seen, RATE_LIMIT: { limit } };
}

const refused = { status: 429, code: "rate-limited" };

describe("the rate limit", () => {
  it("holds for making links, for each access token", async () => {
    const image = await freshImage();
    const { seen, ...settings } = limiter(1);
    const make = (who: "linker" | "admin") =>
      edgeWith(settings, `/v1/links/${image.reference}`, { method: "POST", headers: bearer(who) });
    expect((await make("linker")).status).toBe(201);
    const second = await make("linker");
    expect(second.headers.get("Retry-After")).toBe("60");
    expect(await problemOf(second)).toMatchObject(refused);
    expect((await make("admin")).status).toBe(201);
    expect(seen).toEqual(["token linker", "token linker", "token admin"]);
  });

  it("holds for filling the cache, but not with what is filling or there already", async () => {
    const [image, other] = [await freshImage({ sizeBytes: 300_000 }), await freshImage()];
    await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 200_000 },
    });
    const { seen, ...settings } = limiter(1);
    const from = { "CF-Connecting-IP": "192.0.2.7" };
    const warm = (reference: string, headers = from) =>
      edgeWith(settings, `/v1/cache/${reference}`, { method: "PUT", headers });
    for (let times = 0; times < 3; times++) expect((await warm(image.reference)).status).toBe(202);
    expect(await problemOf(await warm(other.reference))).toMatchObject(refused);
    await upstream.clearFaults();
    await cacheState(image.reference, "committed");
    expect((await warm(image.reference)).status).toBe(202);
    expect(seen).toEqual(["ip 192.0.2.7", "ip 192.0.2.7"]);
    expect((await warm(other.reference, { "CF-Connecting-IP": "192.0.2.8" })).status).toBe(202);
  });

  it.each(["/v1/digest/lab/team/no-such", "/v2/lab/team/no-such/manifests/1.0"])(
    "holds for names that do not exist: %s",
    async (path) => {
      const settings = limiter(2);
      const statuses: number[] = [];
      for (let times = 0; times < 4; times++) statuses.push((await edgeWith(settings, path)).status);
      expect(statuses).toEqual([404, 404, 429, 429]);
    },
  );

  it("never holds for downloads and lookups of what there is", async () => {
    const image = await freshImage();
    const { seen, ...settings } = limiter(0);
    for (const path of [`/v1/images/${image.reference}`, `/v1/digest/${image.reference}`, "/healthz"]) {
      for (let times = 0; times < 3; times++) expect((await edgeWith(settings, path)).status).toBe(200);
    }
    expect(seen).toEqual([]);
  });

  it("is none without the binding", async () => {
    for (let times = 0; times < 5; times++) {
      expect((await edge("/v1/digest/lab/team/no-such")).status).toBe(404);
    }
  });
});

describe("metrics", () => {
  it("tell of each download how it was answered, and its bytes", async () => {
    const image = await freshImage({ sizeBytes: 100_000 });
    const points: { blobs: string[]; doubles: number[] }[] = [];
    const METRICS = { writeDataPoint: (point: (typeof points)[number]) => void points.push(point) };
    const path = `/v1/images/${image.reference}`;
    const repository = image.reference.slice(0, -":1.0".length);
    const first = edgeWith({ METRICS }, path);
    await Promise.all([first, edgeWith({ METRICS }, path)]);
    await edgeWith({ METRICS }, path, { headers: { Range: "bytes=0-99" } });
    expect(points.map(({ blobs }) => blobs[1]).toSorted()).toEqual(["collapsed", "hit", "miss"]);
    expect(points.map(({ doubles }) => doubles[1])).toEqual([100_000, 100_000, 100]);
    expect(points.every(({ blobs }) => blobs[0] === "download" && blobs[2] === repository)).toBe(true);
  });
});
