import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/fault-rules.ts";
import { later, stopClock } from "./clock.ts";
import { type FreshImage, digestOf, edge, freshImage, freshSeed, problemOf, upstream } from "./edge.ts";

const TAG_TTL_MS = 60_000;
const STALE_IF_ERROR_MS = 604_800_000;

afterEach(async () => {
  await upstream.clearFaults();
});

/** An image that was downloaded a tag's time ago, whose upstream fails from now on. */
async function staleImage(action: Fault["action"]): Promise<FreshImage & { asked: () => Promise<number> }> {
  const image = await freshImage({ sizeBytes: 1000 });
  await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
  later(TAG_TTL_MS);
  const fault = await upstream.fault({ match: { repository: image.repository }, action });
  return { ...image, asked: () => upstream.faultHits(fault) };
}

describe("a cached tag whose upstream does not answer", () => {
  it.each<[what: string, action: Fault["action"], reason: string]>([
    ["is down", { kind: "drop" }, "upstream-unavailable"],
    ["fails", { kind: "status", status: 500 }, "upstream-unavailable"],
    [
      "limits requests",
      { kind: "status", status: 429, headers: { "retry-after": "60" } },
      "upstream-rate-limited",
    ],
    ["hangs", { kind: "hang" }, "upstream-timeout"],
  ])(
    "because it %s is served, marked stale, and asked for once in a tag's time",
    async (_what, action, reason) => {
      const image = await staleImage(action);
      const herd = await Promise.all(Array.from({ length: 10 }, () => edge(`/v1/images/${image.reference}`)));
      for (const response of herd) {
        expect(response.status).toBe(200);
        expect(response.headers.get("Cache-Status")).toBe("sif-edge; fwd=stale");
        expect(response.headers.get("Warning")).toMatch(
          new RegExp(`^299 - "Tag last checked at .*${reason}`),
        );
        expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
      }
      // The check's own attempts, not one a request.
      const asked = await image.asked();
      expect(asked).toBeLessThanOrEqual(4);
      const lookup = await edge(`/v1/digest/${image.reference}`);
      expect(lookup.headers.get("Cache-Status")).toBe("sif-edge; fwd=stale");
      expect(lookup.headers.get("Warning")).toContain(reason);
      const head = await edge(`/v1/images/${image.reference}`, { method: "HEAD" });
      expect(head.headers.get("Cache-Status")).toBe("sif-edge; fwd=stale");
      const same = await edge(`/v1/images/${image.reference}`, {
        headers: { "If-None-Match": `"${image.digest}"` },
      });
      expect([same.status, same.headers.get("Warning")]).toEqual([304, expect.stringContaining(reason)]);
      // A check that hangs may still be at its second try.
      if (reason !== "upstream-timeout") expect(await image.asked()).toBe(asked);

      later(TAG_TTL_MS);
      await edge(`/v1/digest/${image.reference}`);
      expect(await image.asked()).toBeGreaterThan(asked);
    },
  );

  it("is fresh again when the upstream is back, with what the tag names by then", async () => {
    const image = await staleImage({ kind: "drop" });
    expect((await edge(`/v1/digest/${image.reference}`)).headers.get("Warning")).not.toBeNull();
    await upstream.clearFaults();
    const moved = await upstream.addImage(image.repository, "1.0", { seed: freshSeed() });
    later(TAG_TTL_MS);
    const response = await edge(`/v1/digest/${image.reference}`);
    expect(response.headers.get("Warning")).toBeNull();
    expect(await response.json()).toMatchObject({ digest: moved.digest });
  });

  it("is not served for ever", async () => {
    const image = await staleImage({ kind: "status", status: 503 });
    later(STALE_IF_ERROR_MS);
    expect(await problemOf(await edge(`/v1/digest/${image.reference}`))).toMatchObject({
      status: 502,
      code: "upstream-unavailable",
    });
  });

  it("is asked for nothing by a reference by digest", async () => {
    const image = await staleImage({ kind: "drop" });
    const response = await edge(`/v1/images/lab/${image.repository}@${image.manifestDigest}`);
    expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(await image.asked()).toBe(0);
  });
});

describe("a cached tag whose upstream does answer", () => {
  it.each<[what: string, status: number, code: string]>([
    ["has gone", 404, "image-unknown"],
    ["is denied by now", 403, "upstream-denied"],
  ])("that it %s is not served any more", async (_what, status, code) => {
    const image = await staleImage({ kind: "status", status });
    for (const path of [`/v1/digest/${image.reference}`, `/v1/images/${image.reference}`]) {
      expect((await problemOf(await edge(path))).code).toBe(code);
    }
  });

  it("is believed for its time, whatever the upstream does meanwhile", async () => {
    stopClock();
    const image = await freshImage();
    await edge(`/v1/digest/${image.reference}`);
    const asked = (await upstream.requests()).length;
    const moved = await upstream.addImage(image.repository, "1.0", { seed: freshSeed() });
    later(TAG_TTL_MS - 1000);
    expect(await (await edge(`/v1/digest/${image.reference}`)).json()).toMatchObject({
      digest: image.digest,
    });
    expect((await upstream.requests()).length).toBe(asked);
    later(1000);
    expect(await (await edge(`/v1/digest/${image.reference}`)).json()).toMatchObject({
      digest: moved.digest,
    });
  });
});

describe("a manifest that is not what its digest says", () => {
  it.each<[what: string, byDigest: boolean]>([
    ["by tag", false],
    ["by digest", true],
  ])("is never served %s, nor believed later", async (_what, byDigest) => {
    const image = await freshImage();
    const reference = byDigest ? `lab/${image.repository}@${image.manifestDigest}` : image.reference;
    const fault = await upstream.fault({
      match: { repository: image.repository, method: "GET", kind: "manifest" },
      action: { kind: "flip", afterBytes: 60 },
    });
    for (const path of [`/v1/digest/${reference}`, `/v1/images/${reference}`, `/v1/cache/${reference}`]) {
      expect(await problemOf(await edge(path)), path).toMatchObject({ status: 502, code: "digest-mismatch" });
    }
    expect(await upstream.faultHits(fault)).toBeGreaterThan(0);
    expect((await upstream.counters()).blobBytes[image.digest]).toBeUndefined();
    await upstream.clearFaults();
    const healed = await edge(`/v1/images/${reference}`);
    expect(await digestOf(await healed.arrayBuffer())).toBe(image.digest);
  });

  it("does not displace the one that is known", async () => {
    const image = await staleImage({ kind: "delay", ms: 1 });
    await upstream.addImage(image.repository, "1.0", { seed: freshSeed() });
    await upstream.fault({
      match: { repository: image.repository, method: "GET", kind: "manifest" },
      action: { kind: "flip", afterBytes: 60 },
    });
    const response = await edge(`/v1/digest/${image.reference}`);
    expect(await response.json()).toMatchObject({ digest: image.digest });
    expect(response.headers.get("Warning")).toContain("digest-mismatch");
  });
});
