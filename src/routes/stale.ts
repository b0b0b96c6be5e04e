/** Saying that an answer is stale. */

import { cacheStatus } from "../http/cache-status.ts";
import type { ResolvedManifest } from "../repository/resolution.ts";

/**
 * Headers for an answer that could not be checked with the upstream in time: RFC 9211 for programs, and the warning
 * that the distribution specification has clients show to people. None for a fresh one.
 */
export function staleHeaders(resolved: ResolvedManifest): Record<string, string> {
  if (resolved.freshness === "fresh") return {};
  return { "Cache-Status": cacheStatus({ fwd: "stale" }), Warning: staleWarning(resolved) };
}

/** The text of the warning, OCI distribution specification 1.1, section "Warnings". */
export function staleWarning(resolved: ResolvedManifest): string {
  const since = new Date(resolved.checkedAtMs).toISOString();
  return `299 - "Tag last checked at ${since}: the upstream registry does not answer (${resolved.staleReason ?? "upstream-unavailable"})"`;
}
