/** What a store that loses things does. */

import { env } from "cloudflare:workers";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { pieceKey } from "../../src/store/keys.ts";
import { pieceAt } from "../../src/store/layout.ts";

/** Takes one piece of a committed blob away. */
export async function losePiece(digest: string, which: "first" | "last"): Promise<void> {
  const commit = await new CommitStore(env.BUCKET).get(parseDigest(digest));
  if (commit === null) throw new Error(`Cannot lose a piece of "${digest}": it is not committed`);
  const { fillId, layout, sizeBytes } = commit;
  const key = pieceKey(fillId, pieceAt(layout, which === "first" ? 0 : sizeBytes - 1).index);
  if ((await env.BUCKET.head(key)) === null) throw new Error(`Cannot lose "${key}": it is not there`);
  await env.BUCKET.delete(key);
}
