/** Limits for what is expensive, where the binding `RATE_LIMIT` is there: for each access token, else for each address. */

import type { AppContext } from "../context.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { GUESS_PAUSE_SECONDS, refusedLookup } from "../repository/lookups.ts";

/** Callers remembered who tried names out; the oldest is forgotten first, and counted anew. */
const MAX_CURBED = 10_000;

/** Answers that somebody who tries names out gets; registries deny what they do not have, too. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(["image-unknown", "repository-unknown", "upstream-denied"]);

/** Until when callers look up only what is known here, as far as this isolate has seen, by the limit that they ran into. */
const curbs = new WeakMap<RateLimit, Map<string, number>>();

/**
 * Counts a call that costs more than most. Never for downloads: a cluster that starts is no attack.
 * @throws {RegistryError} `rate-limited` where the caller has made too many
 */
export async function chargeCaller(c: AppContext): Promise<void> {
  const { rateLimit } = c.var.services;
  if (rateLimit === undefined || (await rateLimit.limit({ key: keyOf(c) })).success) return;
  throw new RegistryError(
    "rate-limited",
    "Cannot do this now: there were too many calls of this kind; wait before the next one",
    { retryAfterSeconds: GUESS_PAUSE_SECONDS },
  );
}

/**
 * What a caller is told instead of `error`: that there were too many, where it is one more name that does not exist. From
 * then on no upstream is asked for names that such a caller makes up; see {@link curbLookups}.
 */
export async function chargeUnknown(c: AppContext, error: unknown): Promise<unknown> {
  // Where the settings are wrong there are no services, and such an error is no guess.
  if (!(error instanceof RegistryError) || !isUnknown(c, error)) return error;
  const { rateLimit } = c.var.services;
  if (rateLimit === undefined) return error;
  const key = keyOf(c);
  if ((await rateLimit.limit({ key })).success) return error;
  const curbed = curbs.get(rateLimit) ?? new Map<string, number>();
  curbs.set(rateLimit, curbed);
  curbed.delete(key);
  curbed.set(key, Date.now() + GUESS_PAUSE_SECONDS * 1000);
  const oldest = curbed.keys().next();
  if (curbed.size > MAX_CURBED && !oldest.done) curbed.delete(oldest.value);
  return refusedLookup();
}

/** Lets a request look up only what is known here, where its caller has tried out too many names. To be told who it is. */
export function curbLookups(c: AppContext): void {
  const { lookups, rateLimit } = c.var.services;
  const untilMs = rateLimit === undefined ? undefined : curbs.get(rateLimit)?.get(keyOf(c));
  if (untilMs !== undefined && Date.now() < untilMs) lookups.knownOnlyUntilMs = untilMs;
}

/** Asking for a blob is how those who push find out what to send, and they have credentials. */
function isUnknown(c: AppContext, { code }: RegistryError): boolean {
  return UNKNOWN.has(code) || (code === "blob-unknown" && c.var.caller === undefined);
}

function keyOf(c: AppContext): string {
  const { caller } = c.var;
  return caller === undefined ? `ip ${c.req.header("CF-Connecting-IP") ?? ""}` : `token ${caller}`;
}
