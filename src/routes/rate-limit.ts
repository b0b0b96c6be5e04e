/** Limits for what is expensive, where the binding `RATE_LIMIT` is there: for each access token, else for each address. */

import type { AppContext } from "../context.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";

/** What a refused caller is told to wait, in seconds: the longest period that the platform's binding has. */
const RETRY_AFTER_SECONDS = 60;

/** Answers that somebody who tries names out gets. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(["image-unknown", "repository-unknown"]);

/**
 * Counts a call that costs more than most. Never for downloads: a cluster that starts is no attack.
 * @throws {RegistryError} `rate-limited` where the caller has made too many
 */
export async function chargeCaller(c: AppContext): Promise<void> {
  const { rateLimit } = c.var.services;
  if (rateLimit === undefined) return;
  const { caller } = c.var;
  const key = caller === undefined ? `ip ${c.req.header("CF-Connecting-IP") ?? ""}` : `token ${caller}`;
  if ((await rateLimit.limit({ key })).success) return;
  throw new RegistryError(
    "rate-limited",
    "Cannot do this now: there were too many calls of this kind; wait before the next one",
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

/** What a caller is told instead of `error`: that there were too many, where it is one more name that does not exist. */
export async function chargeUnknown(c: AppContext, error: unknown): Promise<unknown> {
  if (!(error instanceof RegistryError) || !UNKNOWN.has(error.code)) return error;
  try {
    await chargeCaller(c);
    return error;
  } catch (limited) {
    return limited;
  }
}
