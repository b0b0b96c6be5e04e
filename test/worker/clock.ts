/** The service's clock, as a test wants it. After each test it is the machine's again. */

import { afterEach, vi } from "vitest";

afterEach(() => {
  vi.useRealTimers();
});

/** Has the clock show one time from now on: however slow the machine is, nothing grows older by it. */
export function stopClock(nowMs = Date.now()): void {
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
}

/** Puts the clock on by some milliseconds, and stops it there. */
export function later(ms: number): void {
  stopClock(Date.now() + ms);
}
