import { describe, expect, it, vi } from "vitest";
import { loadConfig } from "../config.ts";
import { Metrics } from "../metrics.ts";
import { parseDigest } from "../oci/digest.ts";
import type { CommitRecord, CommitStore } from "../store/commit-store.ts";
import { newFillId } from "../store/keys.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { BlobLife } from "./blob-life.ts";
import { BlobMemory } from "./blob-memory.ts";
import type { BlobRecord } from "./blob-record.ts";
import { FillJournal } from "./journal.ts";
import { Scrubber } from "./scrubber.ts";

const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const fillId = newFillId(digest);
const COMMIT: CommitRecord = {
  digest,
  sizeBytes: 100,
  fillId,
  layout: [{ count: 2, bytes: 50 }],
  verifiedAtMs: 1,
};
const request = { digest, sizeBytes: 100, source: { registry: "ghcr.io", repository: "org/tool" } };

/** A blob's object that remembers nothing, over a store whose deletions take until `release` is called. */
function forgetful(initial: CommitRecord | null) {
  let commit = initial;
  const deleting = Promise.withResolvers<void>();
  const deleted = Promise.withResolvers<void>();
  const commits: Pick<CommitStore, "get" | "put" | "delete"> = {
    get: () => Promise.resolve(commit),
    put: () => Promise.resolve(),
    async delete() {
      commit = null;
      deleting.resolve();
      await deleted.promise;
    },
  };
  let record: BlobRecord | undefined;
  const memory = new BlobMemory(
    {
      load: () => undefined,
      save: (next) => (record = next),
      clear: () => Promise.resolve(),
      wakeAt: () => Promise.resolve(),
      pins: { get: () => undefined, put: () => {}, delete: () => false, any: () => false },
    },
    1000,
  );
  const parts = {
    memory,
    commits: commits as CommitStore,
    // What is listed first never comes, so that no fill gets further.
    pieces: { list: () => new Promise(() => {}) } as unknown as PieceStore,
  };
  const life = new BlobLife({
    ...parts,
    config: loadConfig({}),
    journal: new FillJournal({
      caretaker: () => {
        throw new Error("There is none");
      },
      metrics: new Metrics(undefined),
      limited: false,
      keepAlive: () => {},
    }),
  });
  const scrubber = new Scrubber({ ...parts, life });
  return { life, scrubber, deleting: deleting.promise, release: deleted.resolve, record: () => record };
}

describe("whether a blob holds pieces", () => {
  it("is told by the commit record where its object remembers nothing", async () => {
    const { scrubber } = forgetful(COMMIT);
    expect(await scrubber.holds(digest, fillId)).toBe(true);
    expect(await scrubber.holds(digest, newFillId(digest))).toBe(false);
    expect(await forgetful(null).scrubber.holds(digest, fillId)).toBe(false);
  });

  it("is not told between taking the commit record away and writing down the fill", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { life, scrubber, deleting, release, record } = forgetful(COMMIT);
    const early = scrubber.holds(digest, fillId);
    const opening = life.open(request, fillId);
    await deleting;
    const during = scrubber.holds(digest, fillId);
    const first = await Promise.race([during, new Promise((resolve) => setTimeout(resolve, 20, "none"))]);
    expect(first).toBe("none");
    expect(record()).toBeUndefined();
    release();
    expect(await Promise.all([early, during])).toEqual([true, true]);
    expect(await opening).toMatchObject({ state: "filling", fillId });
    expect(await scrubber.holds(digest, fillId)).toBe(true);
    vi.restoreAllMocks();
  });
});
