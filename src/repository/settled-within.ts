/** Waiting for a promise, but not for ever. */

/**
 * How a promise settled, or `undefined` when it has not within `timeoutMs` (0 or less: it is given one turn).
 * The promise goes on either way; this never rejects.
 */
export async function settledWithin<T>(
  promise: Promise<T>,
  timeoutMs: number,
): Promise<PromiseSettledResult<T> | undefined> {
  let cancel: (() => void) | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), Math.max(timeoutMs, 0));
    cancel = () => clearTimeout(timer);
  });
  try {
    const [settled] = (await Promise.race([Promise.allSettled([promise]), timeout])) ?? [];
    return settled;
  } finally {
    cancel?.();
  }
}
