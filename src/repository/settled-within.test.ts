import { describe, expect, it } from "vitest";
import { settledWithin } from "./settled-within.ts";

describe("settledWithin", () => {
  it("tells how a promise settled", async () => {
    expect(await settledWithin(Promise.resolve(1), 60_000)).toEqual({ status: "fulfilled", value: 1 });
    const reason = new Error("no");
    expect(await settledWithin(Promise.reject(reason), 60_000)).toEqual({ status: "rejected", reason });
  });

  it("gives up on one that does not settle", async () => {
    expect(await settledWithin(new Promise(() => {}), 1)).toBeUndefined();
  });

  it("hears one that is settled already even when the time is over", async () => {
    expect(await settledWithin(Promise.resolve(1), -5)).toEqual({ status: "fulfilled", value: 1 });
  });
});
