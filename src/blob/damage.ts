/** A blob of the service's own whose bytes are not what they were: it is served to nobody until it is pushed again. */

import type { CommitRecord, CommitStore } from "../store/commit-store.ts";
import type { BlobMemory } from "./blob-memory.ts";

/** What is wrong with a blob's pieces. */
type DamageKind = "missing" | "altered";

const FOUND = {
  missing: "some of its pieces are missing from the store",
  altered: "its bytes are not what they were",
} as const satisfies Record<DamageKind, string>;

/**
 * Takes a blob out of use that has no other copy: its commit record goes, so that no reader is sent what is left and a
 * client that asks before it pushes is told that the blob is not there. Its pieces stay, for whoever wants to rescue
 * something; the bytes that are pushed, or that an upstream has, take their place.
 */
export async function takeOutOfUse(
  { memory, commits }: { readonly memory: BlobMemory; readonly commits: CommitStore },
  commit: CommitRecord,
  kind: DamageKind,
): Promise<void> {
  const { digest, sizeBytes, fillId, layout, verifiedAtMs } = commit;
  const before = memory.record?.fillId === fillId ? memory.record : undefined;
  const now = Date.now();
  memory.save({
    digest,
    sizeBytes,
    fillId,
    layout,
    state: "failed",
    sources: before?.sources ?? [],
    startedAtMs: before?.startedAtMs ?? verifiedAtMs,
    lastReadMs: before?.lastReadMs ?? now,
    failedAtMs: now,
    failure: {
      code: "blob-unknown",
      message: `Cannot read blob "${digest}": ${FOUND[kind]}; push the same image again to mend it`,
    },
  });
  memory.changed.notify();
  await commits.delete(digest);
}
