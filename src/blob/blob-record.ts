/** What a blob's object remembers, and where. */

import type { Digest } from "../oci/digest.ts";
import type { ErrorRecord } from "../outcome.ts";
import type { Layout } from "../store/layout.ts";
import type { BlobSource } from "./blob-state.ts";

/** What a blob's object remembers. */
export interface BlobRecord {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly state: "filling" | "committed" | "failed";
  readonly fillId: string;
  readonly layout: Layout;
  readonly sources: readonly BlobSource[];
  readonly startedAtMs: number;
  readonly committedAtMs?: number;
  readonly lastReadMs: number;
  readonly failure?: ErrorRecord;
  readonly failedAtMs?: number;
  /** Whether what a failed fill stored may be built upon. */
  readonly resumable?: boolean;
}

/** Where the record is kept: the Durable Object's own storage. */
export interface BlobRecordStore {
  load(): BlobRecord | undefined;
  save(record: BlobRecord): void;
  clear(): Promise<void>;
  readonly pins: PinStore;
  /** Asks for {@link BlobLife.wake} at a time. */
  wakeAt(timeMs: number): Promise<void>;
}

/**
 * The repositories of the service's own that hold the blob. While there is one, nothing drops the blob.
 *
 * Each pin carries the holder's count of its own pins, so that a release that comes late never undoes a newer one.
 */
export interface PinStore {
  get(repository: string): number | undefined;
  put(repository: string, generation: number): void;
  delete(repository: string): void;
  /** Whether there is any. */
  any(): boolean;
}
