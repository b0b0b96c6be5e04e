/** Whether stored pieces are wanted, and whether they still are what they were: what one blob's object says of them. */

import { logFailure } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import type { CommitRecord, CommitStore } from "../store/commit-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import type { BlobLife } from "./blob-life.ts";
import type { BlobMemory } from "./blob-memory.ts";
import type { BlobSource, ScrubOutcome } from "./blob-state.ts";
import { takeOutOfUse } from "./damage.ts";
import { type Damage, examineBlob } from "./examine.ts";

/** What a scrubber needs. */
export interface ScrubberOptions {
  readonly memory: BlobMemory;
  readonly life: Pick<BlobLife, "open">;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
}

/** How a damaged blob is fetched again: what is missing of the fill `lostFillId`, or all of it. */
interface Refill {
  readonly held: boolean;
  readonly source?: BlobSource;
  readonly lostFillId?: string;
}

/** Looks after the pieces of one blob. */
export class Scrubber {
  readonly #options: ScrubberOptions;

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  /** Whether pieces under a name are this blob's, committed or on the way to it. */
  holds(digest: Digest, fillId: string): Promise<boolean> {
    const { commits, memory } = this.#options;
    // In turn: whoever decides may have taken the commit record away, to write down the fill instead.
    return memory.turns.take(async () => {
      const commit = await commits.get(digest);
      return memory.record?.fillId === fillId || commit?.fillId === fillId;
    });
  }

  /**
   * Reads a committed blob again; where it is not what it was, has what is wrong fetched again. A blob that a repository
   * of the service's own holds may have no other copy: it is taken out of use until it is pushed again, and its bytes stay.
   * @throws {unknown} what R2 fails with; `overloaded` when the fill has to wait
   */
  async scrub(digest: Digest): Promise<ScrubOutcome> {
    const { commits, life, memory, pieces } = this.#options;
    const commit = await commits.get(digest);
    if (commit === null) return { kind: "skipped" };
    const { sizeBytes, fillId } = commit;
    let finding = await examineBlob(pieces, commit);
    // What may have no other copy is not given up for one look.
    if (finding.kind !== "intact" && memory.pins.any()) finding = await examineBlob(pieces, commit);
    if (finding.kind === "intact") return { kind: "intact", bytes: sizeBytes };
    const refill = await memory.turns.take(() => this.#makeRoom(commit, finding));
    if (refill === undefined) return { kind: "skipped" };
    const { held, source, lostFillId } = refill;
    const remedy = held ? "push the same image again to mend it" : "it is fetched again";
    logFailure(
      { event: "blob-damaged", digest, fillId, code: finding.kind },
      `The scrub has found it; ${remedy}`,
    );
    if (source !== undefined) await life.open({ digest, sizeBytes, source }, lostFillId);
    return { kind: finding.kind, bytes: sizeBytes, refilling: source !== undefined, held };
  }

  /** Takes away what is damaged and nobody holds; `undefined` when the blob has changed since it was looked at. */
  async #makeRoom(commit: CommitRecord, damage: Damage): Promise<Refill | undefined> {
    const { commits, memory, pieces } = this.#options;
    const { digest, fillId } = commit;
    const record = memory.record;
    if (record?.state === "filling" || (await commits.get(digest))?.fillId !== fillId) return undefined;
    if (memory.pins.any()) {
      await takeOutOfUse(this.#options, commit, damage.kind);
      return { held: true };
    }
    const known = record?.fillId === fillId;
    const source = known ? record.sources[0] : undefined;
    if (damage.kind === "missing" && source !== undefined) {
      for (const index of damage.inTheWay) await pieces.delete(fillId, index);
      return { held: false, source, lostFillId: fillId };
    }
    // Which piece is the wrong one, nobody knows. First the record, so that nobody new reads them.
    await commits.delete(digest);
    if (known) {
      memory.forget();
      memory.changed.notify();
    }
    await pieces.deleteAll(fillId);
    if (known) await memory.clear();
    return source === undefined ? { held: false } : { held: false, source };
  }
}
