/** Reading committed blobs again, a bounded number of bytes at a time, and having those healed that are not what they were. */

import type { ScrubOutcome } from "../blob/blob-state.ts";
import { log, logFailure } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import type { CommitStore } from "../store/commit-store.ts";

/** Blobs that one listing tells. */
const PAGE_BLOBS = 100;
/** A new pass begins so long after the start of the one before. */
const PERIOD_MS = 7 * 24 * 3_600_000;
/** Findings that are remembered. */
const MAX_DAMAGES = 20;

/** A blob that was not what it was. */
export interface Damage {
  readonly digest: Digest;
  readonly atMs: number;
  readonly outcome: Exclude<ScrubOutcome["kind"], "intact" | "skipped">;
  /** Whether it is being fetched again; else the next request does, where it can be had. */
  readonly refilling: boolean;
  /** Whether a repository of the service's own holds it, so that it has to be pushed again; absent in older findings. */
  readonly held?: boolean;
}

/** What one pass over all blobs has done. */
export interface ScrubReport {
  readonly startedMs: number;
  /** Absent while it goes on. */
  readonly endedMs?: number;
  /** Blobs that were read. */
  readonly checked: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** Blobs that were being filled or changed meanwhile, or could not be read. */
  readonly skipped: number;
  readonly missing: number;
  readonly altered: number;
}

/** How far a pass is, and what was found last. */
export interface ScrubRecord {
  readonly pass: ScrubReport;
  /** The blob that was read last. */
  readonly after?: Digest;
  /** The last one first; over several passes. */
  readonly damages: readonly Damage[];
}

/** What a scrub needs. */
export interface ScrubOptions {
  readonly load: () => ScrubRecord | undefined;
  readonly save: (record: ScrubRecord) => void;
  readonly commits: Pick<CommitStore, "digests">;
  /** Has a blob's object look at it and heal it. */
  readonly scrub: (digest: Digest) => Promise<ScrubOutcome>;
}

/** Passes over all blobs. */
export class Scrub {
  readonly #options: ScrubOptions;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  /** The pass that goes on, or else the last one, and what was found. */
  report(): Pick<ScrubRecord, "pass" | "damages"> | undefined {
    return this.#options.load();
  }

  /**
   * Reads some blobs.
   * @param budgetBytes where no more are begun
   * @returns the bytes that were read; `undefined` when there is nothing more to do for now
   */
  async step(nowMs: number, budgetBytes: number): Promise<number | undefined> {
    const { commits, load, save } = this.#options;
    const known = load();
    if (known?.pass.endedMs !== undefined && nowMs - known.pass.startedMs < PERIOD_MS) return undefined;
    let record: ScrubRecord =
      known === undefined || known.pass.endedMs !== undefined
        ? {
            pass: { startedMs: nowMs, checked: 0, bytes: 0, skipped: 0, missing: 0, altered: 0 },
            damages: known?.damages ?? [],
          }
        : known;
    const page = await commits.digests(record.after, PAGE_BLOBS);
    const beforeBytes = record.pass.bytes;
    for (const digest of page.digests) {
      if (record.pass.bytes - beforeBytes >= budgetBytes) return record.pass.bytes - beforeBytes;
      record = { ...(await this.#look(digest, record, nowMs)), after: digest };
      save(record);
    }
    if (page.more) return record.pass.bytes - beforeBytes;
    const pass = { ...record.pass, endedMs: nowMs };
    save({ pass, damages: record.damages });
    const { checked, bytes, missing, altered } = pass;
    log({ event: "scrub-ended", ms: nowMs - pass.startedMs, checked, bytes, count: missing + altered });
    return undefined;
  }

  async #look(digest: Digest, { pass, damages }: ScrubRecord, atMs: number): Promise<ScrubRecord> {
    const outcome = await this.#options.scrub(digest).catch((error: unknown): ScrubOutcome => {
      logFailure({ event: "scrub-failed", digest }, error);
      return { kind: "skipped" };
    });
    switch (outcome.kind) {
      case "skipped":
        return { pass: { ...pass, skipped: pass.skipped + 1 }, damages };
      case "intact":
        return { pass: { ...pass, checked: pass.checked + 1, bytes: pass.bytes + outcome.bytes }, damages };
      case "missing":
      case "altered": {
        const { kind, bytes, refilling, held } = outcome;
        const damage: Damage = { digest, atMs, outcome: kind, refilling, held };
        return {
          pass: { ...pass, checked: pass.checked + 1, bytes: pass.bytes + bytes, [kind]: pass[kind] + 1 },
          damages: [damage, ...damages].slice(0, MAX_DAMAGES),
        };
      }
    }
  }
}
