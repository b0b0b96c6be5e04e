import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/outcome.ts";
import { digestOf, edgeWith, freshImage, problemOf } from "./edge.ts";

type Method = "open" | "waitForPiece" | "resolve";

/** What the platform throws. */
const THROWN = () => Promise.reject(Object.assign(new Error("overloaded"), { overloaded: true }));

/** Durable Objects whose method is refused so many times. */
function overloaded<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  method: Method,
  times: number,
  refuse: () => Promise<Outcome<never>> = THROWN,
) {
  const seen = { calls: 0 };
  const binding = {
    getByName: (name: string) => {
      // Each property of a stub is a method to call, `apply` too: so it is called as one.
      const stub = namespace.getByName(name) as unknown as Record<string, (...args: unknown[]) => unknown>;
      return new Proxy(stub, {
        get: (_stub, key: string) => {
          if (key !== method || ++seen.calls > times) return (...args: unknown[]) => stub[key]?.(...args);
          return refuse;
        },
      });
    },
  };
  return { seen, binding };
}

describe("an overloaded object", () => {
  it.each([
    ["blob", () => overloaded(env.BLOBS, "open", 9), "BLOBS"],
    ["repository", () => overloaded(env.REPOSITORIES, "resolve", 9), "REPOSITORIES"],
  ])("of a %s is asked once, and its caller told to come back", async (_what, make, name) => {
    const image = await freshImage();
    const { seen, binding } = make();
    const response = await edgeWith({ [name]: binding }, `/v1/images/${image.reference}`);
    const seconds = Number(response.headers.get("Retry-After"));
    expect(seconds).toBeGreaterThanOrEqual(5);
    expect(seconds).toBeLessThanOrEqual(15);
    expect(await problemOf(response)).toMatchObject({ status: 503, code: "overloaded" });
    expect(seen.calls).toBe(1);
  });

  it("is given time by who has bytes already", async () => {
    const image = await freshImage({ sizeBytes: 300_000 });
    // As long a pause as it asks for, here a short one.
    const error = { code: "overloaded", message: "too much to do", retryAfterSeconds: 0.1 } as const;
    const refuse = () => Promise.resolve({ ok: false, error } as const);
    const { seen, binding } = overloaded(env.BLOBS, "waitForPiece", 3, refuse);
    const response = await edgeWith({ BLOBS: binding }, `/v1/images/${image.reference}`);
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(seen.calls).toBeGreaterThan(3);
  });
});
