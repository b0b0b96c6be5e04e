/**
 * The life of one blob: absent, filling, committed or failed.
 *
 * Everything that happens to a blob goes through one of these, in one place in the world, so that there is one fill
 * however many ask. What it must remember is one small record; how far a fill is, R2 itself tells.
 */

import { type Config, LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import type { CommitStore } from "../store/commit-store.ts";
import { newFillId } from "../store/keys.ts";
import { bytesInPieces, fillLayout, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import type { BlobMemory } from "./blob-memory.ts";
import type { BlobRecord } from "./blob-record.ts";
import type { BlobSource, BlobStatus, BlobView, OpenRequest, PieceWait } from "./blob-state.ts";
import { takeOutOfUse } from "./damage.ts";
import { fillFailure, patienceMs } from "./fill-failure.ts";
import { FillRuns } from "./fill-runs.ts";
import { type FillJournal, entryOf } from "./journal.ts";
import { BlobSources } from "./sources.ts";

/** How often the watchdog looks whether a fill that should run does run, in milliseconds. */
const WATCHDOG_MS = 30_000;
/** Pieces that one answer to a waiting reader covers. */
const MAX_ANNOUNCED_PIECES = 64;

/** What a blob's life needs. */
export interface BlobLifeOptions {
  readonly config: Config;
  readonly memory: BlobMemory;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
  readonly journal: FillJournal;
}

/** One blob, from absent to committed and back. */
export class BlobLife {
  readonly #options: BlobLifeOptions;
  readonly #memory: BlobMemory;
  readonly #runs: FillRuns;
  #sources: BlobSources;
  /** Decides for everyone who asks at the same time what to do with a blob that is not filling. */
  #deciding: Promise<void> | undefined;
  #dropping: Promise<void> | undefined;

  constructor(options: BlobLifeOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#sources = new BlobSources(options.config, options.memory.record?.sources);
    this.#runs = new FillRuns({ ...options, opener: (digest) => this.#sources.opener(digest) });
  }

  /**
   * Makes sure that the blob is committed or being filled, and tells where its pieces are.
   * @param lostFillId the fill whose committed pieces a reader found missing: they are fetched again
   * @throws {RegistryError} `digest-mismatch` when the blob is known with another size; the last fill's failure while
   *   the upstream asks for patience
   */
  async open(request: OpenRequest, lostFillId?: string): Promise<BlobView> {
    await this.#dropping;
    let joined = true;
    if (this.#memory.record?.state !== "filling") {
      joined = this.#deciding !== undefined;
      this.#deciding ??= this.#memory.turns
        .take(() => this.#decide(request, lostFillId))
        .finally(() => (this.#deciding = undefined));
      await this.#deciding;
    }
    const record = this.#memory.record;
    if (record === undefined || record.state === "failed") return this.open(request);
    if (record.sizeBytes !== request.sizeBytes) {
      throw new RegistryError(
        "digest-mismatch",
        `Cannot read blob "${request.digest}": its manifest says ${request.sizeBytes} bytes, it is known with ${record.sizeBytes}`,
      );
    }
    if (record.state === "filling") {
      this.#addSource(record, request.source);
      this.#runs.ensure();
    }
    return {
      state: record.state,
      sizeBytes: record.sizeBytes,
      fillId: record.fillId,
      layout: record.layout,
      joined,
    };
  }

  /**
   * Waits until a piece can be read, and asks for it to be fetched first.
   * @throws {RegistryError} why the fill failed; `upstream-unavailable` when it is another one by now
   */
  async waitForPiece(fillId: string, index: number): Promise<PieceWait> {
    for (;;) {
      const changed = this.#memory.changed.wait();
      const record = this.#memory.record;
      if (record?.state === "committed" && record.fillId !== fillId) return { replaced: true };
      if (record === undefined || record.fillId !== fillId) {
        throw new RegistryError(
          "upstream-unavailable",
          "Cannot read blob: it was dropped from the cache while it was read",
        );
      }
      if (record.state === "failed") throw fillFailure(record, Date.now());
      const count = pieceCount(record.layout);
      if (record.state === "committed") return { readableEnd: count, committed: true };
      this.#runs.ensure();
      this.#runs.fill?.demand(index);
      // The last piece leaves only after the whole digest was checked.
      let readableEnd = index;
      const limit = Math.min(count - 1, index + MAX_ANNOUNCED_PIECES);
      while (readableEnd < limit && this.#runs.fill?.has(readableEnd) === true) readableEnd++;
      if (readableEnd > index) return { readableEnd, committed: false };
      await changed;
    }
  }

  /** How far the blob is. */
  async status(): Promise<BlobStatus> {
    await this.#dropping;
    const record = this.#memory.record;
    if (record === undefined) return ABSENT;
    // One that has just failed is still there, with pieces that are being deleted.
    const fill = record.state === "filling" ? this.#runs.fill : undefined;
    return {
      state: record.state,
      sizeBytes: record.sizeBytes,
      storedBytes:
        record.state === "committed"
          ? record.sizeBytes
          : (fill?.storedBytes ?? (await this.#storedBytes(record))),
      bytesPerSecond: fill?.bytesPerSecond ?? 0,
      startedAtMs: record.startedAtMs,
      committedAtMs: record.committedAtMs,
      failure: record.failure,
    };
  }

  /** Resolves at the next change of the status. */
  changed(): Promise<void> {
    return this.#memory.changed.wait();
  }

  /** Notes that somebody read the blob. */
  touch(): void {
    if (this.#memory.record?.state === "committed")
      this.#memory.save({ ...this.#memory.record, lastReadMs: Date.now() });
  }

  /** Whether bytes are being fetched. A fill that waits for its turn fetches nothing. */
  get fetching(): boolean {
    return this.#memory.record?.state === "filling" && !this.#runs.waiting;
  }

  /** Resolves when no bytes are being fetched, whatever came of it. */
  async idle(): Promise<void> {
    for (;;) {
      const changed = this.#memory.changed.wait();
      this.#runs.ensure();
      if (!this.fetching) return;
      await changed;
    }
  }

  /** Ends a fill that other bytes have taken the place of; whoever follows it has to open the blob anew. */
  async giveWay(replaced: BlobRecord): Promise<void> {
    this.#options.journal.dropped(entryOf(replaced));
    await this.#runs.stop("Uploaded bytes have taken its place");
  }

  /** Forgets the blob and deletes its bytes, unless a repository holds it. */
  async drop(): Promise<void> {
    this.#dropping ??= this.#memory.turns
      .take(() => this.#drop())
      .finally(() => (this.#dropping = undefined));
    await this.#dropping;
  }

  /** The alarm: restarts a fill that was interrupted, and drops what nobody wants any more. */
  async wake(): Promise<void> {
    const record = this.#memory.record;
    if (record === undefined) return;
    const now = Date.now();
    switch (record.state) {
      case "filling":
        this.#runs.ensure();
        this.#options.journal.goesOn(entryOf(record));
        await this.#memory.wakeAt(now + WATCHDOG_MS);
        break;
      case "committed": {
        const dueMs = record.lastReadMs + this.#options.config.blobIdleMs;
        // What is held does not go by idleness; its last holder's leaving drops it.
        if (this.#memory.pins.any()) return;
        if (now < dueMs) return this.#memory.wakeAt(dueMs);
        log({ event: "blob-evicted", digest: record.digest, bytes: record.sizeBytes });
        await this.drop();
        break;
      }
      case "failed":
        await this.drop();
        break;
    }
  }

  /** Where the blob is not filling: is it a hit, may a new fill start, and what can it build upon? */
  async #decide(request: OpenRequest, lostFillId: string | undefined): Promise<void> {
    const { commits, config, journal } = this.#options;
    const now = Date.now();
    const before = this.#memory.record;
    // A blob that this object never knew is no hit: its caller has just looked for the commit record.
    const commit =
      before === undefined && lostFillId === undefined ? null : await commits.get(request.digest);
    if (commit !== null && commit.fillId !== lostFillId) {
      if (before?.state === "committed" && before.fillId === commit.fillId) return;
      await this.#memory.remember(commit);
      return;
    }
    if (request.source.registry === LOCAL_REGISTRY) {
      // A reader has found a piece missing, and nobody else has it.
      if (commit !== null) await takeOutOfUse(this.#options, commit, "missing");
      const damaged = this.#memory.record;
      if (damaged?.state === "failed" && this.#memory.pins.any()) throw fillFailure(damaged, now);
      throw new RegistryError(
        "blob-unknown",
        `Cannot read blob "${request.digest}": it was deleted, and this service had the only copy`,
      );
    }
    if (before?.state === "failed" && this.#sources.has(request.source) && patienceMs(before, now) > 0) {
      throw fillFailure(before, now);
    }

    await journal.admit({ digest: request.digest, sizeBytes: request.sizeBytes });
    // Pieces of an interrupted fill, or of a committed blob that lost some, are built upon.
    const base =
      commit ?? (before?.resumable === true && before.sizeBytes === request.sizeBytes ? before : undefined);
    if (commit !== null) await commits.delete(request.digest);
    // The caller's own repository first, and none whose bytes were wrong: one bad upstream must not keep a blob from
    // the readers of another.
    const others = before?.resumable === false ? [] : (before?.sources ?? []);
    this.#sources = new BlobSources(config, [request.source, ...others]);
    const fillId = base?.fillId ?? newFillId(request.digest);
    if (base === undefined) this.#runs.beginsEmpty(fillId);
    const record: BlobRecord = {
      digest: request.digest,
      sizeBytes: request.sizeBytes,
      state: "filling",
      fillId,
      layout: base?.layout ?? fillLayout(request.sizeBytes, config.chunkBytes, request.startBytes),
      sources: this.#sources.storable(),
      startedAtMs: now,
      lastReadMs: now,
    };
    this.#memory.save(record);
    journal.started(entryOf(record), base !== undefined);
    await this.#memory.wakeAt(now + WATCHDOG_MS);
  }

  #addSource(record: BlobRecord, source: BlobSource): void {
    this.#sources.add(source);
    const sources = this.#sources.storable();
    if (sources.length !== record.sources.length) this.#memory.save({ ...record, sources });
  }

  async #drop(): Promise<void> {
    if (this.#memory.pins.any()) return;
    const record = this.#memory.forget();
    await this.#runs.stop("The blob was dropped");
    if (record !== undefined) {
      if (record.state === "filling") this.#options.journal.dropped(entryOf(record));
      try {
        // First the record, so that nobody new finds the pieces that go next.
        await this.#options.commits.delete(record.digest);
        await this.#options.pieces.deleteAll(record.fillId);
      } catch (error) {
        // What is left of it must be found by whoever drops it again.
        this.#memory.recall(record);
        throw error;
      }
    }
    await this.#memory.clear();
  }

  async #storedBytes(record: BlobRecord): Promise<number> {
    if (record.resumable === false) return 0;
    return bytesInPieces(record.layout, await this.#options.pieces.list(record.fillId));
  }
}

const ABSENT: BlobStatus = {
  state: "absent",
  sizeBytes: undefined,
  storedBytes: 0,
  bytesPerSecond: 0,
  startedAtMs: undefined,
  committedAtMs: undefined,
  failure: undefined,
};
