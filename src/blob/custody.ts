/**
 * Blobs that were uploaded, and blobs that repositories of the service's own hold: they have no other copy to be
 * fetched again from. `docs/decisions/0008-collecting-blobs.md` has the argument why none is ever lost.
 */

import { log } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import type { CommitStore } from "../store/commit-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import type { BlobLife } from "./blob-life.ts";
import type { BlobMemory } from "./blob-memory.ts";
import type { BlobOffer, Pin } from "./blob-state.ts";

/** What a blob's custody needs. */
export interface CustodyOptions {
  readonly memory: BlobMemory;
  readonly life: BlobLife;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
}

/** Who holds one blob. */
export class Custody {
  readonly #options: CustodyOptions;

  constructor(options: CustodyOptions) {
    this.#options = options;
  }

  /**
   * Takes bytes that were uploaded and whose digest was checked. A blob that is there already stays as it is; a fill
   * that fetches is waited for, since its readers follow it; in place of anything else come the offered pieces: of a fill
   * that still waits for its turn, of one that failed, of a blob that was damaged. Once more changes nothing.
   * @returns whose pieces the blob has now: the caller deletes its own where they are not those
   */
  async adopt(offer: BlobOffer, pin?: Pin): Promise<{ readonly fillId: string }> {
    const { life, memory } = this.#options;
    for (;;) {
      await life.idle();
      const taken = await memory.turns.take(async () => (life.fetching ? undefined : this.#take(offer, pin)));
      if (taken !== undefined) return taken;
    }
  }

  /**
   * Holds the blob for a repository of the service's own.
   * @returns false where the blob is not there to be held
   */
  pin(digest: Digest, pin: Pin): Promise<boolean> {
    const { commits, memory } = this.#options;
    return memory.turns.take(async () => {
      const commit = await commits.get(digest);
      if (commit === null) return false;
      if (memory.record?.state !== "committed") await memory.remember(commit);
      this.#add(pin);
      return true;
    });
  }

  /**
   * Ends what {@link Custody.pin} began, unless there is a newer pin; a blob that nobody holds any more goes. Once more
   * takes up what was left of it.
   */
  async unpin({ repository, generation }: Pin): Promise<void> {
    const { life, memory } = this.#options;
    const current = memory.pins.get(repository);
    if (current !== undefined && current > generation) return;
    memory.pins.delete(repository);
    await life.drop();
  }

  async #take(offer: BlobOffer, pin: Pin | undefined): Promise<{ fillId: string }> {
    const { commits, life, memory, pieces } = this.#options;
    const before = memory.record;
    const known = await commits.get(offer.digest);
    const commit = known ?? { ...offer, verifiedAtMs: Date.now() };
    if (known === null) await commits.put(commit);
    if (before?.state !== "committed" || before.fillId !== commit.fillId) await memory.remember(commit);
    if (pin !== undefined) this.#add(pin);
    memory.changed.notify();
    if (before?.state === "filling") await life.giveWay(before);
    // What is left of what was there before.
    if (before !== undefined && before.fillId !== commit.fillId) await pieces.deleteAll(before.fillId);
    log({ event: "upload-committed", digest: offer.digest, bytes: offer.sizeBytes, known: known !== null });
    return { fillId: commit.fillId };
  }

  #add({ repository, generation }: Pin): void {
    const { pins } = this.#options.memory;
    if ((pins.get(repository) ?? -1) < generation) pins.put(repository, generation);
  }
}
