import { beforeEach, describe, expect, it } from "vitest";
import { FakeRegistry } from "../../test/support/fake-registry.ts";
import { RegistryError } from "../errors.ts";
import { GuardedSource, MAX_HOLD_MS, REFUSAL_MS } from "./guarded-source.ts";

let nowMs = 0;
let registry: FakeRegistry;
let source: GuardedSource;

beforeEach(() => {
  nowMs = 1_000_000;
  registry = new FakeRegistry();
  source = new GuardedSource({ source: registry, repository: "a", onDenied: () => {}, now: () => nowMs });
});

async function limitedAfter(retryAfterSeconds?: number): Promise<RegistryError> {
  registry.failure = new RegistryError("upstream-rate-limited", "Cannot ask: 429", { retryAfterSeconds });
  await expect(source.head("1.0")).rejects.toThrow("429");
  registry.failure = undefined;
  registry.asked.length = 0;
  return source.head("2.0").then(
    () => expect.unreachable(),
    (error: RegistryError) => error,
  );
}

describe("GuardedSource", () => {
  it("leaves an upstream alone for some seconds that limits requests without saying for how long", async () => {
    expect(await limitedAfter()).toMatchObject({ code: "upstream-rate-limited", retryAfterSeconds: 10 });
    expect(registry.asked).toEqual([]);
  });

  it("does not believe that an upstream wants to be left alone for days", async () => {
    expect(await limitedAfter(10_000_000)).toMatchObject({ retryAfterSeconds: MAX_HOLD_MS / 1000 });
    nowMs += MAX_HOLD_MS;
    await expect(source.head("2.0")).rejects.toMatchObject({ code: "image-unknown" });
  });

  it("remembers a bounded number of refusals, the latest", async () => {
    for (let index = 0; index <= 1000; index += 1) {
      await expect(source.head(`t${index}`)).rejects.toMatchObject({ code: "image-unknown" });
    }
    registry.asked.length = 0;
    nowMs += REFUSAL_MS - 1;
    for (const tag of ["t0", "t2", "t1000"]) await expect(source.head(tag)).rejects.toThrow("404");
    expect(registry.asked).toEqual(["HEAD t0"]);
  });

  it("does not remember a failure that may pass at once", async () => {
    registry.failure = new RegistryError("upstream-unavailable", "Cannot connect");
    await expect(source.head("1.0")).rejects.toThrow("connect");
    await expect(source.head("1.0")).rejects.toThrow("connect");
    expect(registry.asked).toEqual(["HEAD 1.0", "HEAD 1.0"]);
  });

  it("does not remember a refusal that was on its way while the thing was pushed", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.gate = promise;
    registry.failure = new RegistryError("image-unknown", "Cannot find: 404");
    const asked = source.get("1.0");
    registry.failure = undefined;
    source.forgive("1.0");
    resolve();
    await expect(asked).rejects.toThrow("404");
    registry.push({}, "1.0");
    expect(await source.get("1.0")).toBeDefined();
  });
});
