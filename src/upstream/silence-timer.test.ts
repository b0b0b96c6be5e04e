import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SilenceTimer } from "./silence-timer.ts";

/** Lets the second pass that a timer waits for: it tells no sooner, and at most an eighth later. */
function expectSilenceTold(heard: () => void): void {
  vi.advanceTimersByTime(999);
  expect(heard).not.toHaveBeenCalled();
  vi.advanceTimersByTime(126);
  expect(heard).toHaveBeenCalledOnce();
}

describe("SilenceTimer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tells of silence once, after the whole time or an eighth more", () => {
    const heard = vi.fn<() => void>();
    new SilenceTimer(1000, heard).restart();
    expectSilenceTold(heard);
    vi.advanceTimersByTime(10_000);
    expect(heard).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1, 60, 124, 125, 900, 1050])("begins anew when something was heard, after %s ms as well", (ms) => {
    const heard = vi.fn<() => void>();
    const timer = new SilenceTimer(1000, heard);
    timer.restart();
    vi.advanceTimersByTime(ms);
    timer.restart();
    expectSilenceTold(heard);
  });

  it("waits for nothing while it is paused, and for the whole time afterwards", () => {
    const heard = vi.fn<() => void>();
    const timer = new SilenceTimer(1000, heard);
    timer.restart();
    vi.advanceTimersByTime(900);
    timer.pause();
    vi.advanceTimersByTime(10_000);
    timer.restart();
    expectSilenceTold(heard);
  });

  it("sets no timer when something is heard", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const timer = new SilenceTimer(1000, () => {});
    for (let read = 0; read < 100; read++) {
      timer.restart();
      timer.pause();
    }
    expect(set).toHaveBeenCalledOnce();
    timer.stop();
  });

  it("leaves no timer when it is stopped", () => {
    const heard = vi.fn<() => void>();
    const timer = new SilenceTimer(1000, heard);
    timer.restart();
    vi.advanceTimersByTime(900);
    timer.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(heard).not.toHaveBeenCalled();
  });

  it("does not take this process's own pause for silence", async () => {
    vi.useRealTimers();
    const heard = vi.fn<() => void>();
    const timer = new SilenceTimer(100, heard);
    timer.restart();
    // An answer that comes while the process is busy for longer than the time is handed out after the timers that are due.
    const answer = stat(import.meta.filename);
    const busyUntil = Date.now() + 200;
    while (Date.now() < busyUntil);
    await answer;
    timer.stop();
    await sleep(150);
    expect(heard).not.toHaveBeenCalled();
  });
});
