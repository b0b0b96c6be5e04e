/** Pages of a list of referrers: OCI distribution specification 1.1, section "Listing Referrers". */

import type { Digest } from "./digest.ts";
import { isDigest } from "./digest.ts";

/** Part of a list of referrers. */
export interface ReferrersPage {
  /** An index of the descriptors of this page, each as it was. */
  readonly bytes: Uint8Array;
  /** The last one's digest, where more follow. */
  readonly last?: Digest;
}

interface Index {
  readonly manifests: readonly { readonly digest: string }[];
}

/**
 * As many of an index's descriptors as fit into what clients read of a manifest.
 * @param bytes the whole index, which was read before
 * @param after the digest behind which to begin; one that is not in the list is taken for its end
 * @param maxBytes how large a page may be; one descriptor may be larger
 */
export function referrersPage(bytes: Uint8Array, after: Digest | undefined, maxBytes: number): ReferrersPage {
  if (after === undefined && bytes.length <= maxBytes) return { bytes };
  const index = JSON.parse(new TextDecoder().decode(bytes)) as Index;
  const encoder = new TextEncoder();
  const at = index.manifests.findIndex(({ digest }) => digest === after);
  const rest = after === undefined ? index.manifests : at < 0 ? [] : index.manifests.slice(at + 1);
  let pageBytes = encoder.encode(JSON.stringify({ ...index, manifests: [] })).length;
  let count = 0;
  for (const descriptor of rest) {
    // And a comma.
    pageBytes += encoder.encode(JSON.stringify(descriptor)).length + 1;
    if (pageBytes > maxBytes && count > 0) break;
    count++;
  }
  const page = encoder.encode(JSON.stringify({ ...index, manifests: rest.slice(0, count) }));
  const last = rest[count - 1]?.digest;
  return count < rest.length && last !== undefined && isDigest(last)
    ? { bytes: page, last }
    : { bytes: page };
}
