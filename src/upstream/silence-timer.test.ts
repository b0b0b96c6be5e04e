import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SilenceTimer } from "./silence-timer.ts";

describe("SilenceTimer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tells of silence once, after the whole time and no sooner", () => {
    const heard = vi.fn<() => void>();
    new SilenceTimer(1000, heard).restart();
    vi.advanceTimersByTime(999);
    expect(heard).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(heard).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10_000);
    expect(heard).toHaveBeenCalledOnce();
  });

  it("begins anew when something was heard, and ends when it is stopped", () => {
    const heard = vi.fn<() => void>();
    const timer = new SilenceTimer(1000, heard);
    timer.restart();
    vi.advanceTimersByTime(900);
    timer.restart();
    vi.advanceTimersByTime(900);
    timer.stop();
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
