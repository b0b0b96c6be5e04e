/** How a response came about: RFC 9211. */

/** The name of this cache in `Cache-Status`. */
const CACHE_NAME = "sif-edge";

/** Why a request went to the upstream: RFC 9211 section 2.2. */
export type ForwardReason =
  "bypass" | "method" | "uri-miss" | "vary-miss" | "miss" | "request" | "stale" | "partial";

/** A response from the cache. */
export interface CacheHit {
  readonly hit: true;
  readonly detail?: string;
}

/** A response that the upstream was needed for, or asked for in vain. */
export interface CacheForward {
  readonly fwd: ForwardReason;
  /** The status that the upstream answered with. */
  readonly fwdStatus?: number;
  /** Whether the response is kept. */
  readonly stored?: boolean;
  /** Whether it came by a request to the upstream that was already under way. */
  readonly collapsed?: boolean;
  readonly detail?: string;
}

/** The value of `Cache-Status`, such as `sif-edge; fwd=uri-miss; stored`. */
export function cacheStatus(handling: CacheHit | CacheForward): string {
  const parameters = "hit" in handling ? ["hit"] : forwardParameters(handling);
  if (handling.detail !== undefined) parameters.push(`detail=${sfString(handling.detail)}`);
  return [CACHE_NAME, ...parameters].join("; ");
}

function forwardParameters({ fwd, fwdStatus, stored, collapsed }: CacheForward): string[] {
  return [
    `fwd=${fwd}`,
    ...(fwdStatus === undefined ? [] : [`fwd-status=${fwdStatus}`]),
    ...(stored === true ? ["stored"] : []),
    ...(collapsed === true ? ["collapsed"] : []),
  ];
}

/** A string of RFC 9651 section 3.3.3, which has printable ASCII only; anything else becomes "?". */
function sfString(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/gu, "?").replace(/["\\]/g, "\\$&")}"`;
}
