/** Running one blob's fills, one at a time, and writing down how each has ended. */

import type { Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { logFailure } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import { toErrorRecord } from "../outcome.ts";
import type { CommitStore } from "../store/commit-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import type { BlobMemory } from "./blob-memory.ts";
import type { BlobRecord } from "./blob-record.ts";
import { Fill } from "./fill.ts";
import { type FillCost, type FillJournal, entryOf } from "./journal.ts";
import type { OpenRange } from "./upstream-cursor.ts";

/** How long the pieces of a failed fill are kept for the next one to go on from, in milliseconds. */
const FAILED_KEPT_MS = 24 * 3600 * 1000;

/** What running fills needs. */
export interface FillRunsOptions {
  readonly config: Config;
  readonly memory: BlobMemory;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
  readonly journal: FillJournal;
  /** Where the bytes come from at the moment. */
  readonly opener: (digest: Digest) => OpenRange;
}

/** The fill that the record asks for, while the record says `filling`. */
export class FillRuns {
  readonly #options: FillRunsOptions;
  readonly #memory: BlobMemory;
  #fill: Fill | undefined;
  /** The run of the fill, while there is one. */
  #running: Promise<void> | undefined;
  #waiting = false;
  /** The fill that began in this object's lifetime with nothing stored: no need to ask what is. */
  #freshFillId: string | undefined;

  constructor(options: FillRunsOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  /** The fill that fetches. */
  get fill(): Fill | undefined {
    return this.#fill;
  }

  /** Whether the fill waits for its turn. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Says that a fill begins with nothing stored. */
  beginsEmpty(fillId: string): void {
    this.#freshFillId = fillId;
  }

  /** Runs the fill that the record asks for, where it does not run. */
  ensure(): void {
    if (this.#running !== undefined || this.#memory.record?.state !== "filling") return;
    const record = this.#memory.record;
    this.#running = this.#run(record).finally(() => {
      this.#running = undefined;
      this.#fill = undefined;
      this.#memory.changed.notify();
      // A new fill may have been decided on while the old one's end was written down.
      this.ensure();
    });
  }

  /** Ends the run of a fill that the record does not ask for any more. Resolves when nothing of it goes on. */
  async stop(reason: string): Promise<void> {
    this.#fill?.stop(new Error(reason));
    this.#memory.changed.notify();
    await this.#running;
  }

  /** Waits until the fill may run; false when it is not wanted any more. */
  async #waitForTurn(record: BlobRecord): Promise<boolean> {
    const { config, journal } = this.#options;
    let turn: Promise<boolean> | undefined;
    this.#waiting = config.maxFills !== undefined;
    try {
      for (;;) {
        const changed = this.#memory.changed.wait();
        if (this.#memory.record?.fillId !== record.fillId) {
          if (turn !== undefined) journal.leave(entryOf(record), turn);
          return false;
        }
        turn = journal.turn(entryOf(record));
        if (await Promise.race([turn, changed.then(() => false)])) return true;
      }
    } finally {
      this.#waiting = false;
    }
  }

  /** Runs the fill to its end and writes down how it ended. */
  async #run(record: BlobRecord): Promise<void> {
    const { config, pieces, commits, journal, opener } = this.#options;
    const { digest, sizeBytes, fillId, layout } = record;
    try {
      if (!(await this.#waitForTurn(record))) return;
      const stored = this.#freshFillId === fillId ? [] : await pieces.list(fillId);
      this.#freshFillId = undefined;
      const fill = new Fill({
        digest,
        sizeBytes,
        fillId,
        layout,
        pieces,
        open: opener(digest),
        connections: config.fillConnections,
        idleMs: config.upstreamIdleMs,
        stored,
        changed: this.#memory.changed,
      });
      if (this.#memory.record?.fillId !== fillId) return;
      this.#fill = fill;
      this.#memory.changed.notify();
      if (!(await fill.run())) {
        throw new RegistryError(
          "digest-mismatch",
          `Cannot verify blob "${digest}": the ${sizeBytes} bytes that the upstream sent have another digest; nothing was kept, the next request fetches it again`,
        );
      }
      if (this.#memory.record?.fillId !== fillId) return;
      const now = Date.now();
      await commits.put({ digest, sizeBytes, fillId, layout, verifiedAtMs: now });
      const current = this.#memory.record;
      // Dropped while the commit record was written: whoever drops it waits for this, and deletes that too.
      if (current?.fillId !== fillId) return;
      this.#memory.save({
        ...current,
        state: "committed",
        committedAtMs: now,
        lastReadMs: now,
      });
      await this.#memory.wakeAt(now + config.blobIdleMs);
      journal.committed(entryOf(record), this.#costOf(record));
    } catch (error) {
      await this.#fail(fillId, error);
    }
  }

  async #fail(fillId: string, error: unknown): Promise<void> {
    const record = this.#memory.record;
    if (record === undefined || record.fillId !== fillId) return;
    const failure =
      error instanceof RegistryError
        ? error
        : new RegistryError(
            "internal-error",
            `Cannot store blob "${record.digest}": the storage failed; try again`,
            { cause: error },
          );
    this.#options.journal.failed(entryOf(record), failure, error, this.#costOf(record));
    const resumable = failure.code !== "digest-mismatch";
    const now = Date.now();
    this.#memory.save({
      ...record,
      state: "failed",
      failure: toErrorRecord(failure),
      failedAtMs: now,
      resumable,
    });
    // Waiters are told now; a new fill takes a new id, so what is deleted here is nobody's.
    this.#memory.changed.notify();
    if (!resumable)
      await this.#options.pieces.deleteAll(fillId).catch((reason: unknown) => {
        logFailure({ event: "pieces-left", digest: record.digest, fillId }, reason);
      });
    await this.#memory.wakeAt(now + FAILED_KEPT_MS);
  }

  #costOf({ startedAtMs }: BlobRecord): FillCost {
    return { fetchedBytes: this.#fill?.fetchedBytes ?? 0, ms: Date.now() - startedAtMs };
  }
}
