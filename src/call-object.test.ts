import { describe, expect, it, vi } from "vitest";
import { callObject, callObjectOnce } from "./call-object.ts";
import { type Outcome, settle } from "./outcome.ts";
import { RegistryError } from "./errors.ts";

/** What the platform throws. */
function failure(properties: object): Error {
  return Object.assign(new Error("Durable Object is unwell"), properties);
}

/** An object that fails so often before it answers. */
function failing(times: number, error: Error) {
  return vi.fn((): Promise<Outcome<string>> => {
    if (times-- > 0) return Promise.reject(error);
    return Promise.resolve({ ok: true, value: "here" });
  });
}

describe("callObject()", () => {
  it("asks an object again that is out of reach for a moment", async () => {
    const ask = failing(2, failure({ retryable: true }));
    expect(await callObject(ask)).toBe("here");
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("gives up after a few calls", async () => {
    const ask = failing(9, failure({ retryable: true }));
    await expect(callObject(ask)).rejects.toThrow("unwell");
    expect(ask).toHaveBeenCalledTimes(5);
  });

  it.each([
    ["once only", { overloaded: true }],
    ["once only, whatever else is said of the failure", { overloaded: true, retryable: true }],
  ])("asks an overloaded object %s, and tells its caller when to come back", async (_what, properties) => {
    const ask = failing(9, failure(properties));
    const told = await settle(() => callObject(ask));
    expect(ask).toHaveBeenCalledTimes(1);
    if (told.ok) throw new Error("It answered");
    expect(told.error.code).toBe("overloaded");
    expect(told.error.retryAfterSeconds).toBeGreaterThanOrEqual(5);
    expect(told.error.retryAfterSeconds).toBeLessThanOrEqual(15);
  });

  it("takes an answer for an answer, also one that tells of a failure", async () => {
    const ask = vi.fn((): Promise<Outcome<string>> =>
      settle(() => {
        throw new RegistryError("blob-unknown", "none");
      }),
    );
    await expect(callObject(ask)).rejects.toMatchObject({ code: "blob-unknown" });
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe("callObjectOnce()", () => {
  it("never asks again", async () => {
    const ask = failing(1, failure({ retryable: true }));
    await expect(callObjectOnce(ask)).rejects.toThrow("unwell");
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
