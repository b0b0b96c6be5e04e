/** Waiting that ends early when a signal says so. */

import { RegistryError } from "../errors.ts";

/**
 * What to throw for a signal that has aborted: its reason, except that a deadline of the caller's counts as the upstream's
 * silence.
 */
export function abortReason(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error) || reason.name !== "TimeoutError") return reason;
  return new RegistryError(
    "upstream-timeout",
    "Cannot wait for upstream: the time for this request is over",
    {
      cause: reason,
    },
  );
}

/** Throws {@link abortReason} where the signal has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal);
}

/** Waits for a promise, or throws {@link abortReason} when the signal aborts first. The promise goes on by itself. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  // Nobody may be left to hear of its failure.
  promise.catch(() => {});
  throwIfAborted(signal);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(abortReason(signal));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Waits so long. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
