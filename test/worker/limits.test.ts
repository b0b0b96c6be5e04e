import { afterEach, describe, expect, it } from "vitest";
import {
  bearer,
  cacheState,
  edge,
  edgeWith,
  freshImage,
  freshRepository,
  problemOf,
  upstream,
} from "./edge.ts";

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

  it("holds for hashing, which costs the processor whatever is sent", async () => {
    const { seen, ...settings } = limiter(1);
    const headers = { "CF-Connecting-IP": "192.0.2.7" };
    const hash = () => edgeWith(settings, "/v1/hash", { method: "POST", body: "x", headers });
    expect((await hash()).status).toBe(200);
    expect(await problemOf(await hash())).toMatchObject(refused);
    expect(seen).toEqual(["ip 192.0.2.7", "ip 192.0.2.7"]);
  });

  it.each([
    (name: string) => `/v1/digest/lab/${name}`,
    (name: string) => `/v1/tags/lab/${name}`,
    (name: string) => `/v2/lab/${name}/manifests/1.0`,
    (name: string) => `/v2/lab/${name}/blobs/sha256:${"7".repeat(64)}`,
  ])("holds for names that do not exist, and asks no upstream for further ones: %s", async (pathOf) => {
    const image = await freshImage();
    const { seen, ...settings } = limiter(2);
    const guess = async () => (await edgeWith(settings, pathOf(freshRepository()))).status;
    expect([await guess(), await guess(), await guess()]).toEqual([404, 404, 429]);
    const asked = (await upstream.counters()).requests;
    const refused = await edgeWith(settings, pathOf(freshRepository()));
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(50);
    expect(refused.status).toBe(429);
    expect((await upstream.counters()).requests).toBe(asked);
    expect(seen.length).toBe(3);

    // What is there was never seen, and so is a guess as well; what is known is served, and filled.
    const path = `/v1/images/${image.reference}`;
    expect((await edgeWith(settings, path)).status).toBe(429);
    expect((await edge(`/v1/digest/${image.reference}`)).status).toBe(200);
    expect((await edgeWith(settings, path)).status).toBe(200);
    const elsewhere = { headers: { "CF-Connecting-IP": "192.0.2.9" } };
    expect((await edgeWith(settings, pathOf(freshRepository()), elsewhere)).status).toBe(404);
  });

  it("lets who has guessed too much guess again after a while", async () => {
    const settings = limiter(0);
    const guess = async () =>
      (await edgeWith(settings, `/v1/digest/lab/${freshRepository()}`)).headers.get("Retry-After");
    expect(await guess()).toBe("60");
    const realNow = Date.now;
    try {
      Date.now = () => realNow.call(Date) + 40_000;
      expect(Number(await guess())).toBeLessThanOrEqual(60);
      Date.now = () => realNow.call(Date) + 61_000;
      const { RATE_LIMIT } = settings;
      const calls = settings.seen.length;
      await edgeWith({ RATE_LIMIT }, `/v1/digest/lab/${freshRepository()}`);
      expect(settings.seen.length).toBe(calls + 1);
    } finally {
      Date.now = realNow;
    }
  });

  it("counts guesses by lent credentials, and what pushing asks for not", async () => {
    const { seen, ...settings } = limiter(1);
    const lent = { "X-Registry-Auth": btoa(JSON.stringify({ username: "a", password: "b" })) };
    const guess = async (headers: Record<string, string>, path: string) =>
      (await edgeWith(settings, path, { headers })).status;
    const statuses: number[] = [];
    for (let times = 0; times < 3; times++) {
      statuses.push(await guess(lent, `/v1/digest/lab/${freshRepository()}`));
    }
    expect(statuses).toEqual([404, 429, 429]);
    expect(seen.length).toBe(2);
    const blob = `/v2/local/${freshRepository()}/blobs/sha256:${"7".repeat(64)}`;
    for (let times = 0; times < 3; times++) expect(await guess(bearer("pusher"), blob)).toBe(404);
    expect(seen.length).toBe(2);
  });

  it("holds for beginning uploads, and not for what belongs to one", async () => {
    const { seen, ...settings } = limiter(1);
    const headers = bearer("pusher");
    const start = () =>
      edgeWith(settings, `/v2/local/${freshRepository()}/blobs/uploads/`, { method: "POST", headers });
    const first = await start();
    expect(first.status).toBe(202);
    const second = await start();
    expect(second.status).toBe(429);
    expect(second.headers.get("Retry-After")).toBe("60");
    expect(await second.json()).toMatchObject({ errors: [{ code: "TOOMANYREQUESTS" }] });
    const location = first.headers.get("Location") ?? "";
    const added = await edgeWith(settings, location, { method: "PATCH", body: "abc", headers });
    expect(added.status).toBe(202);
    const put = await edgeWith(settings, `/v1/images/local/${freshRepository()}:1.0`, {
      method: "PUT",
      body: "abc",
      headers,
    });
    expect(await problemOf(put)).toMatchObject(refused);
    expect(seen.length).toBe(3);
  });

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
