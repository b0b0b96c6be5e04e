/** Who tries out too many names may look up only what is known here: a wrong guess then costs no upstream anything. */

import { RegistryError } from "../errors.ts";

/** How long a caller is held to that, and is told to wait, in seconds: the longest period of the platform's rate limits. */
export const GUESS_PAUSE_SECONDS = 60;

/** What one request may look up; written by whoever finds out who is asking. */
export class Lookups {
  /** Until when, in milliseconds since 1970, only what is known here; `undefined` for anything. */
  knownOnlyUntilMs: number | undefined;

  /** Whether only what is known here may be looked up. */
  get knownOnly(): boolean {
    return this.knownOnlyUntilMs !== undefined;
  }

  /**
   * To be called before an upstream is asked for what may not exist.
   * @throws {RegistryError} `rate-limited`
   */
  requireAny(): void {
    if (this.knownOnlyUntilMs === undefined) return;
    throw refusedLookup(Math.max(Math.ceil((this.knownOnlyUntilMs - Date.now()) / 1000), 1));
  }
}

/** The answer to one guess too many. */
export function refusedLookup(retryAfterSeconds = GUESS_PAUSE_SECONDS): RegistryError {
  return new RegistryError(
    "rate-limited",
    "Cannot look this up now: it is not known here, and too many names that do not exist were asked for; wait before the next one",
    { retryAfterSeconds },
  );
}
