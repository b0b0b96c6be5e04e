import { beforeEach, describe, expect, it, vi } from "vitest";
import { LAYER, OTHER_LAYER, ResolverBench, STALE, TTL, image } from "../../test/support/resolver-bench.ts";
import type { ErrorCode } from "../errors.ts";
import { REFUSAL_MS } from "./guarded-source.ts";

let bench: ResolverBench;
beforeEach(() => {
  vi.spyOn(console, "log").mockReturnValue();
  bench = new ResolverBench();
});

const withCode = (code: ErrorCode) => expect.objectContaining({ code });

describe("a tag whose upstream cannot answer", () => {
  it.each(["upstream-unavailable", "upstream-timeout", "upstream-rate-limited"] as const)(
    "is served stale after %s, and the upstream is asked once in the tag's time",
    async (code) => {
      const digest = bench.registry.push(image(LAYER), "1.0");
      await bench.resolveThenWait("1.0");
      bench.fail(code);
      const stale = {
        digest,
        freshness: "stale",
        staleReason: code,
        staleSinceMs: bench.nowMs,
        checkedAtMs: bench.nowMs - TTL,
      };
      const answers = await Promise.all([
        bench.resolver.resolve({ tag: "1.0" }),
        bench.resolver.resolve({ tag: "1.0" }),
      ]);
      expect(answers).toMatchObject([stale, stale]);
      bench.nowMs += TTL - 1;
      bench.start();
      expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject(stale);
      expect(bench.asked()).toEqual(["HEAD 1.0"]);
      bench.nowMs += 1;
      bench.registry.failure = undefined;
      expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
      expect(bench.asked()).toEqual(["HEAD 1.0"]);
    },
  );

  it("is not served stale for ever", async () => {
    bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0", TTL + STALE - 1);
    bench.fail("upstream-unavailable");
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "stale" });
    bench.nowMs += 1;
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-unavailable"));
  });

  it("is an error when it was never known", async () => {
    bench.fail("upstream-timeout");
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-timeout"));
  });

  it("keeps its old image when the new one cannot be had", async () => {
    const before = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    const after = bench.registry.push(image(OTHER_LAYER), "1.0");
    const bytes = new TextEncoder().encode("cut off");
    bench.registry.substitute = { bytes, mediaType: "application/json", digest: after };
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({
      digest: before,
      freshness: "stale",
      staleReason: "invalid-manifest",
    });
    expect([...bench.manifests.stored.keys()]).toEqual([before]);
  });

  it("does not ask before the time that the upstream named, for any tag", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    bench.registry.push(image(OTHER_LAYER), "2.0");
    await bench.resolveThenWait("1.0");
    bench.fail("upstream-rate-limited", 600);
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "stale" });
    bench.registry.failure = undefined;
    bench.nowMs += 599_000;
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "stale" });
    await expect(bench.resolver.resolve({ tag: "2.0" })).rejects.toThrow(
      expect.objectContaining({ code: "upstream-rate-limited", retryAfterSeconds: 1 }),
    );
    expect(bench.asked()).toEqual(["HEAD 1.0"]);
    bench.nowMs += 1000;
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ freshness: "fresh" });
    expect(await bench.resolver.resolve({ tag: "2.0" })).toMatchObject({ freshness: "fresh" });
  });

  it("is served stale when the upstream hangs, while one check goes on", async () => {
    const before = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    bench.start(5);
    const after = bench.registry.push(image(OTHER_LAYER), "1.0");
    const gate = Promise.withResolvers<void>();
    bench.registry.gate = gate.promise;
    const ask = () => bench.resolver.resolve({ tag: "1.0" });
    const stale = { digest: before, freshness: "stale", staleReason: "upstream-timeout" };
    expect(await Promise.all([ask(), ask()])).toMatchObject([stale, stale]);
    expect(await ask()).toMatchObject(stale);
    expect(bench.asked()).toEqual(["HEAD 1.0"]);
    gate.resolve();
    await Promise.all(bench.background);
    expect(await ask()).toMatchObject({ digest: after, freshness: "fresh" });
    expect(bench.asked()).toEqual([`GET ${after}`]);
  });

  it("does not fail anything when a check that nobody waits for fails", async () => {
    bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    bench.start(5);
    const gate = Promise.withResolvers<void>();
    bench.registry.gate = gate.promise;
    bench.fail("upstream-unavailable");
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ staleReason: "upstream-timeout" });
    gate.resolve();
    const settled = await Promise.allSettled(bench.background);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({
      staleReason: "upstream-unavailable",
    });
    expect(bench.asked()).toEqual(["HEAD 1.0"]);
  });
});

describe("a denial", () => {
  it("is an answer: nothing that was learnt before is served", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    bench.registry.push(image(LAYER), "2.0");
    await bench.resolver.resolve({ tag: "2.0" });
    await bench.resolveThenWait("1.0");
    bench.fail("upstream-denied");
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    expect(bench.membership.blob(LAYER)).toBeNull();
    await expect(bench.resolver.resolve({ tag: "2.0" })).rejects.toThrow(withCode("upstream-denied"));
    await expect(bench.resolver.resolve({ digest })).rejects.toThrow(withCode("upstream-denied"));
    expect(bench.asked()).toEqual(["HEAD 1.0", "GET 2.0", `GET ${digest}`]);
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    expect(bench.asked()).toEqual([]);
  });

  it("ends when the upstream lets us read again", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    const first = await bench.resolver.resolve({ tag: "1.0" });
    bench.nowMs += TTL;
    bench.fail("upstream-denied");
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-denied"));
    bench.registry.failure = undefined;
    bench.nowMs += REFUSAL_MS;
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({
      digest,
      firstNamedMs: first.firstNamedMs,
    });
    expect(bench.membership.blob(LAYER)).not.toBeNull();
  });
});
