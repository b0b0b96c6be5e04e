/** Calling Durable Objects, which may be moved or replaced at any moment, and asked for more than they can do. */

import { RegistryError } from "./errors.ts";
import { type Outcome, unwrap } from "./outcome.ts";

/** Times in a row that an object may be out of reach (a deployment, a moved host) before the caller gives up. */
const MAX_FAILURES = 5;
const FIRST_BACKOFF_MS = 100;
/** What callers of an overloaded object are told to wait, in seconds: unevenly, so that they do not all come back at once. */
const OVERLOAD_PAUSE_SECONDS = { least: 5, most: 15 };

/**
 * The answer of an object, asked again while it is out of reach. For calls that may be repeated: the first one may
 * have been carried out although its answer was lost.
 *
 * An object that has more calls waiting than it can answer is not asked again: each further call would make it worse
 * (developers.cloudflare.com/durable-objects/best-practices/error-handling). The platform itself repeats only calls that
 * never reached the object.
 * @param ask makes the call; it gets a fresh stub each time, since one that has failed may stay broken
 * @throws {RegistryError} the failure that the object answered with; `overloaded`
 */
export async function callObject<T>(ask: () => Promise<Outcome<T>>): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await callObjectOnce(ask);
    } catch (error) {
      if (error instanceof RegistryError || ++failures >= MAX_FAILURES) throw error;
      const waitMs = FIRST_BACKOFF_MS * 2 ** failures * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/**
 * The answer of an object, for calls that must not be repeated.
 * @throws {RegistryError} the failure that the object answered with; `overloaded`
 */
export async function callObjectOnce<T>(ask: () => Promise<Outcome<T>>): Promise<T> {
  try {
    return unwrap(await ask());
  } catch (error) {
    if (error instanceof RegistryError || !isOverloaded(error)) throw error;
    const { least, most } = OVERLOAD_PAUSE_SECONDS;
    throw new RegistryError(
      "overloaded",
      "Cannot answer now: too many requests for the same thing are waiting; try again later",
      { cause: error, retryAfterSeconds: Math.ceil(least + Math.random() * (most - least)) },
    );
  }
}

/** Whether the platform says that an object has too much to do. */
function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error && error.overloaded === true;
}
