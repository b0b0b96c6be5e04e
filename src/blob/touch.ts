/** Telling a blob's object now and then that the blob is read, so that it is not dropped as idle. */

import type { Config } from "../config.ts";
import type { Digest } from "../oci/digest.ts";
import type { NamedObjects } from "../objects.ts";
import type { BlobObject } from "./blob-object.ts";

/** Reads of one blob in one isolate are told of at most this often, and often enough for short idle times. */
const MAX_INTERVAL_MS = 3_600_000;
const TOUCHES_PER_IDLE_TIME = 4;
/** Blobs remembered; the oldest is forgotten first, which costs a call too many at worst. */
const MAX_REMEMBERED = 10_000;

const touchedMs = new Map<Digest, number>();

/** Notes a read, where it has not been noted for a while. Never fails: a reader gets its bytes all the same. */
export async function touchBlob(
  services: { readonly config: Config; readonly blobs: NamedObjects<BlobObject> },
  digest: Digest,
): Promise<void> {
  const now = Date.now();
  const intervalMs = Math.min(MAX_INTERVAL_MS, services.config.blobIdleMs / TOUCHES_PER_IDLE_TIME);
  if (now - (touchedMs.get(digest) ?? -Infinity) < intervalMs) return;
  touchedMs.delete(digest);
  touchedMs.set(digest, now);
  const oldest = touchedMs.keys().next();
  if (touchedMs.size > MAX_REMEMBERED && !oldest.done) touchedMs.delete(oldest.value);
  try {
    await services.blobs.getByName(digest).touch();
  } catch {
    touchedMs.delete(digest);
  }
}
