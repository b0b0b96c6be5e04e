import { afterEach, describe, expect, it } from "vitest";
import { cacheState, digestOf, edge, freshImage, freshSeed, received, upstream } from "./edge.ts";

const KIB = 1024;
const SIZE = 200 * KIB;

afterEach(async () => {
  await upstream.clearFaults();
});

/** An image, and another repository whose manifest names the same digest. */
async function twoRepositories(otherBytes: { seed?: number } = {}) {
  const seed = freshSeed();
  const image = await freshImage({ sizeBytes: SIZE, seed });
  const other = await freshImage({
    sizeBytes: SIZE,
    seed,
    ...otherBytes,
    declaredDigest: image.digest,
  });
  return { image, other };
}

async function complete(reference: string): Promise<boolean> {
  return (await received(await edge(`/v1/images/${reference}`))).complete;
}

describe("a blob that two repositories name", () => {
  it("is had from the one although the other's upstream has wrong bytes, and was asked first", async () => {
    const { image, other: liar } = await twoRepositories({ seed: 7 });
    for (let times = 0; times < 2; times++) {
      expect(await complete(liar.reference)).toBe(false);
      await cacheState(liar.reference, "failed");
    }
    const response = await edge(`/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
  });

  it("is had from the one although the other failed with a part of it, which is built upon", async () => {
    const { image, other: broken } = await twoRepositories();
    await upstream.fault({
      match: { kind: "blob", repository: broken.repository },
      skip: 3,
      action: { kind: "status", status: 500 },
    });
    expect(await complete(broken.reference)).toBe(false);
    expect((await cacheState(broken.reference, "failed")).stored).toBeGreaterThan(0);
    expect(await complete(image.reference)).toBe(true);
    expect((await upstream.counters()).blobBytes[image.digest]).toBeLessThan(2 * SIZE);
  });

  it("is had from the other by everyone when the one that was asked first stops answering", async () => {
    const { image, other: broken } = await twoRepositories();
    await upstream.fault({
      match: { kind: "blob", repository: image.repository },
      action: { kind: "throttle", bytesPerSecond: 100 * KIB },
    });
    await upstream.fault({
      match: { kind: "blob", repository: broken.repository },
      skip: 1,
      action: { kind: "status", status: 503 },
    });
    const first = edge(`/v1/images/${broken.reference}`).then((response) => received(response));
    const second = complete(image.reference);
    expect((await first).complete).toBe(true);
    expect(await second).toBe(true);
  });

  it("is asked of the one although the other asked for patience", async () => {
    const { image, other: limited } = await twoRepositories();
    await upstream.fault({
      match: { kind: "blob", repository: limited.repository },
      action: { kind: "status", status: 429, headers: { "Retry-After": "3600" } },
    });
    expect(await complete(limited.reference)).toBe(false);
    await cacheState(limited.reference, "failed");
    expect((await edge(`/v1/images/${limited.reference}`)).status).toBe(503);
    expect(await complete(image.reference)).toBe(true);
  });

  it("is had from the one although the other's manifest gives it another size, before and after", async () => {
    const seed = freshSeed();
    const image = await freshImage({ sizeBytes: SIZE, seed });
    const wrong = await freshImage({ sizeBytes: SIZE, seed, declaredSizeBytes: SIZE + 1 });
    expect(wrong.digest).toBe(image.digest);
    expect(await complete(wrong.reference)).toBe(false);
    await cacheState(wrong.reference, "failed");
    expect(await complete(image.reference)).toBe(true);
    await cacheState(image.reference, "committed");
    expect((await edge(`/v1/images/${wrong.reference}`)).status).toBe(502);
    expect(await complete(image.reference)).toBe(true);
  });
});
