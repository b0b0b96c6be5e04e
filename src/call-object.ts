/** Calling Durable Objects, which may be moved or replaced at any moment. */

import { RegistryError } from "./errors.ts";
import { type Outcome, unwrap } from "./outcome.ts";

/** Times in a row that an object may be out of reach (a deployment, a moved host) before the caller gives up. */
const MAX_FAILURES = 5;
const BACKOFF_MS = 200;

/**
 * The answer of an object, asked again while it is out of reach. For calls that may be repeated: the first one may
 * have been carried out although its answer was lost.
 * @param ask makes the call; it gets a fresh stub each time, since one that has failed may stay broken
 * @throws {RegistryError} the failure that the object answered with
 */
export async function callObject<T>(ask: () => Promise<Outcome<T>>): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return unwrap(await ask());
    } catch (error) {
      if (error instanceof RegistryError || ++failures >= MAX_FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS * failures));
    }
  }
}
