import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AddedImage } from "../support/fault-content.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";

const SIZE = 3_000_000;
const TOKEN = "overload-test-token";

describe("a service that fills one blob at a time", () => {
  let upstream: FaultUpstream;
  let service: Service;

  beforeAll(async () => {
    upstream = await startFaultUpstream();
    service = await startService({
      vars: {
        UPSTREAMS: { lab: { url: upstream.url } },
        CHUNK_BYTES: "65536",
        MAX_FILLS: "1",
        MAX_QUEUED_FILLS: "1",
        ACCESS_TOKENS: {
          publisher: {
            sha256: createHash("sha256").update(TOKEN).digest("hex"),
            scopes: ["pull", "push"],
            repositories: ["*"],
          },
        },
      },
    });
  });

  afterAll(async () => {
    await service.stop();
    await upstream.close();
  });

  function newImage(seed: number): AddedImage & { url: string; cacheUrl: string } {
    const image = upstream.addImage(`team/t${seed}`, "1.0", { sizeBytes: SIZE, seed });
    const reference = `lab/team/t${seed}:1.0`;
    return {
      ...image,
      url: `${service.url}/v1/images/${reference}`,
      cacheUrl: `${service.url}/v1/cache/${reference}`,
    };
  }

  const slow = (image: AddedImage) =>
    upstream.fault({
      match: { kind: "blob", reference: image.digest },
      action: { kind: "throttle", bytesPerSecond: 100_000 },
    });

  async function download(url: string): Promise<string> {
    const response = await fetch(url);
    expect(response.status).toBe(200);
    return sha256Bytes(Buffer.from(await response.arrayBuffer()));
  }

  const stored = async (image: { cacheUrl: string }) =>
    (await fetch(image.cacheUrl)).json() as Promise<{ state: string; stored: number }>;

  it("lets the next fill wait, refuses the one after, and no follower of either", async () => {
    const [first, second, third] = [newImage(1), newImage(2), newImage(3)] as const;
    slow(first);
    const followers = [download(first.url), download(first.url)];
    while ((await stored(first)).stored === 0) await sleep(20);

    expect((await fetch(second.cacheUrl, { method: "PUT" })).status).toBe(202);
    followers.push(download(second.url), download(second.url));
    const refused = await fetch(third.url);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("Retry-After")).toBe("30");
    expect(await refused.json()).toMatchObject({ code: "overloaded" });
    // Herds on what is being filled, or waits for it, are served however long the queue is.
    for (const image of [first, second]) followers.push(download(image.url));
    expect(await stored(second)).toMatchObject({ state: "filling", stored: 0 });
    expect(upstream.counters.blobBytes[second.digest]).toBeUndefined();

    upstream.clearFaults();
    const expected = [first, first, second, second, first, second].map(({ digest }) => digest);
    expect(await Promise.all(followers)).toEqual(expected);
    expect(await download(third.url)).toBe(third.digest);
    for (const image of [first, second, third]) expect(upstream.counters.blobBytes[image.digest]).toBe(SIZE);
  });

  it("gives the turn on when a fill fails", async () => {
    const [wrong, next] = [newImage(4), newImage(5)] as const;
    const throttle = slow(wrong);
    upstream.fault({
      match: { kind: "blob", reference: wrong.digest },
      action: { kind: "flip", atByte: SIZE - 1 },
    });
    const failing = expect(download(wrong.url)).rejects.toThrow();
    while ((await stored(wrong)).stored === 0) await sleep(20);
    const waiting = download(next.url);
    expect((await stored(next)).stored).toBe(0);
    upstream.clearFaults(throttle);
    await failing;
    expect(await waiting).toBe(next.digest);
  });

  it("takes uploaded bytes in place of a fill that waits for its turn, and serves who waits for it", async () => {
    const [running, waiting, next] = [newImage(6), newImage(7), newImage(8)] as const;
    slow(running);
    const followers = [download(running.url)];
    while ((await stored(running)).stored === 0) await sleep(20);
    const follower = download(waiting.url);
    while ((await stored(waiting)).state !== "filling") await sleep(20);

    const bytes = await (await fetch(`${upstream.url}/v2/team/t7/blobs/${waiting.digest}`)).arrayBuffer();
    const fetchedByTest = upstream.counters.blobBytes[waiting.digest];
    const pushed = await fetch(`${service.url}/v2/local/team/mine/blobs/uploads/?digest=${waiting.digest}`, {
      method: "POST",
      body: bytes,
      headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/octet-stream" },
    });
    expect(pushed.status).toBe(201);
    expect(await stored(running)).toMatchObject({ state: "filling" });
    expect(await follower).toBe(waiting.digest);
    expect(upstream.counters.blobBytes[waiting.digest]).toBe(fetchedByTest);
    // Its place in the queue is free.
    followers.push(download(next.url));
    while ((await stored(next)).state !== "filling") await sleep(20);
    upstream.clearFaults();
    expect(await Promise.all(followers)).toEqual([running.digest, next.digest]);
  });
});
