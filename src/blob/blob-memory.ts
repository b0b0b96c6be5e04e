/** What one blob's object knows, for all of its parts: the record, who waits for a change of it, and whose turn it is. */

import type { CommitRecord } from "../store/commit-store.ts";
import type { BlobRecord, BlobRecordStore, PinStore } from "./blob-record.ts";
import { Signal } from "./signal.ts";
import { Turns } from "../turns.ts";

/** The record of one blob, kept in memory and in storage alike. */
export class BlobMemory {
  readonly #store: BlobRecordStore;
  readonly #idleMs: number;
  #record: BlobRecord | undefined;
  /** Notified of each change. */
  readonly changed = new Signal();
  /** Taken by whatever decides about the blob's bytes: to fetch them, to take or hold them, to drop them. */
  readonly turns = new Turns();

  /** @param idleMs how long nobody may have read a committed blob before it may go */
  constructor(store: BlobRecordStore, idleMs: number) {
    this.#store = store;
    this.#idleMs = idleMs;
    this.#record = store.load();
  }

  get record(): BlobRecord | undefined {
    return this.#record;
  }

  /** Who holds the blob. */
  get pins(): PinStore {
    return this.#store.pins;
  }

  /** Keeps a record. */
  save(record: BlobRecord): void {
    this.#record = record;
    this.#store.save(record);
  }

  /** Keeps that the blob is committed, as its commit record tells. */
  async remember(commit: CommitRecord): Promise<void> {
    const now = Date.now();
    this.save({
      digest: commit.digest,
      sizeBytes: commit.sizeBytes,
      state: "committed",
      fillId: commit.fillId,
      layout: commit.layout,
      sources: [],
      startedAtMs: commit.verifiedAtMs,
      committedAtMs: commit.verifiedAtMs,
      lastReadMs: now,
    });
    await this.wakeAt(now + this.#idleMs);
  }

  /** Forgets the record, in memory at first; {@link clear} ends it. */
  forget(): BlobRecord | undefined {
    const record = this.#record;
    this.#record = undefined;
    return record;
  }

  /** Remembers what was forgotten and could not be ended. */
  recall(record: BlobRecord): void {
    this.#record = record;
    this.changed.notify();
  }

  /** Empties the storage. */
  clear(): Promise<void> {
    return this.#store.clear();
  }

  /** Asks for the alarm at a time. */
  wakeAt(timeMs: number): Promise<void> {
    return this.#store.wakeAt(timeMs);
  }
}
