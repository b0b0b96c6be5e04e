/** Every `Cache-Control` of the service: a response without one would be kept for as long as each cache likes. */

import type { Reference } from "../oci/reference.ts";

/** What depends on who asks or on the moment. */
export const NO_STORE = "no-store";

/** Whether caches between here and the client may keep something, and share it. */
export interface Cacheability {
  /** Whether anyone may read it. */
  readonly shared: boolean;
  /** Whether it can never change, as what is named by a digest. */
  readonly immutable: boolean;
}

/** `Cache-Control` for what a reference names: by digest for ever, by tag to be checked each time. */
export function cacheControl({ shared, immutable }: Cacheability): string {
  if (immutable) return `${shared ? "public" : "private"}, max-age=31536000, immutable`;
  return shared ? "no-cache" : "private, no-cache";
}

/** The same for the reference of a request. */
export function referenceCacheControl(reference: Reference, shared: boolean): string {
  return cacheControl({ shared, immutable: reference.digest !== undefined });
}
