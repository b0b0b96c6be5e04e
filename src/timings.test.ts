import { describe, expect, it, vi } from "vitest";
import { Timings } from "./timings.ts";

describe("Timings", () => {
  it("adds up what a step took, and tells nothing of steps that were not taken", async () => {
    vi.useFakeTimers();
    try {
      const timings = new Timings();
      expect(timings.header()).toBeUndefined();
      const pause = (ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, "done"));
      for (const ms of [20, 5]) {
        const step = timings.measure("resolve", pause(ms));
        await vi.advanceTimersByTimeAsync(ms);
        expect(await step).toBe("done");
      }
      expect(timings.header()).toBe("resolve;dur=25");
      expect(timings.ms("resolve")).toBe(25);
      expect(timings.ms("open")).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it("counts a step that failed", async () => {
    const timings = new Timings();
    await expect(timings.measure("open", Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(timings.header()).toMatch(/^open;dur=\d+$/);
  });
});
