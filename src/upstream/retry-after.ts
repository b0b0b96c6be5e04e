/** `Retry-After`: RFC 9110 section 10.2.3. */

import { parseHttpDate } from "../http/http-date.ts";

/** A year: beyond it the header is a mistake, and sums of it would leave the range of dates. */
const MAX_SECONDS = 31_536_000;

/**
 * The seconds that a `Retry-After` asks to wait, at least 0; `undefined` when it is missing or unreadable.
 * @param nowMs the clock that a date in it is compared with.
 */
export function retryAfterSeconds(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_SECONDS);
  const date = parseHttpDate(text);
  if (date === undefined) return undefined;
  return Math.min(Math.max(0, Math.ceil((date.getTime() - nowMs) / 1000)), MAX_SECONDS);
}
