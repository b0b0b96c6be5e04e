/**
 * Deleting pieces that nobody names, in small steps. Why it never deletes others stands in
 * `docs/decisions/0010-a-sweep-that-asks-the-owner.md`.
 */

import { log, logFailure } from "../log.ts";
import type { PieceStore } from "../store/piece-store.ts";

/** Fills that one step looks at. */
const PAGE_FILLS = 100;
/** Pieces younger than this are left alone, whoever disowns them, in milliseconds. */
export const SAFE_AGE_MS = 24 * 3_600_000;
/** A new pass begins so long after the one before. */
const PERIOD_MS = 24 * 3_600_000;

/** What one pass over all pieces has done. */
export interface SweepReport {
  readonly startedMs: number;
  /** Absent while it goes on. */
  readonly endedMs?: number;
  /** Fills that were looked at. */
  readonly checked: number;
  /** Fills whose pieces were deleted. */
  readonly deleted: number;
  /** Pieces that were deleted. */
  readonly pieces: number;
  /** Fills whose owner their name does not tell: they are left alone. */
  readonly unattributed: number;
  /** Fills that could not be looked at; absent in older reports. */
  readonly skipped?: number;
}

/** How far a pass is. */
export interface SweepRecord {
  readonly pass: SweepReport;
  /** The fill that was looked at last. */
  readonly after?: string;
}

/** Whether somebody wants the pieces of a fill; `unattributed` where nobody can be asked. */
export type Ownership = "owned" | "disowned" | "unattributed";

/** What a sweep needs. */
export interface SweepOptions {
  readonly load: () => SweepRecord | undefined;
  readonly save: (record: SweepRecord) => void;
  readonly pieces: Pick<PieceStore, "fills" | "stat" | "deleteAll">;
  /** Asks the owner. */
  readonly ask: (fillId: string) => Promise<Ownership>;
}

/** Passes over all pieces. */
export class Sweep {
  readonly #options: SweepOptions;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** The pass that goes on, or else the last one. */
  report(): SweepReport | undefined {
    return this.#options.load()?.pass;
  }

  /** Looks at some fills; false when there is nothing more to do for now. */
  async step(nowMs: number): Promise<boolean> {
    const { load, save, pieces } = this.#options;
    const known = load();
    if (known?.pass.endedMs !== undefined && nowMs - known.pass.startedMs < PERIOD_MS) return false;
    const record =
      known === undefined || known.pass.endedMs !== undefined
        ? { pass: { startedMs: nowMs, checked: 0, deleted: 0, pieces: 0, unattributed: 0, skipped: 0 } }
        : known;
    const page = await pieces.fills(record.after, PAGE_FILLS);
    let { pass } = record;
    for (const fillId of page.fillIds) pass = await this.#lookOrSkip(fillId, pass, nowMs);
    const last = page.fillIds.at(-1);
    if (page.more && last !== undefined) {
      save({ pass, after: last });
      return true;
    }
    save({ pass: { ...pass, endedMs: nowMs } });
    const { checked, deleted } = pass;
    log({ event: "sweep-ended", ms: nowMs - pass.startedMs, checked, count: deleted });
    return false;
  }

  /** One owner that cannot answer must not keep the others' pieces from being looked at, now and in every pass to come. */
  async #lookOrSkip(fillId: string, pass: SweepReport, nowMs: number): Promise<SweepReport> {
    try {
      return await this.#look(fillId, pass, nowMs);
    } catch (error) {
      logFailure({ event: "sweep-failed", fillId }, error);
      return { ...pass, skipped: (pass.skipped ?? 0) + 1 };
    }
  }

  async #look(fillId: string, pass: SweepReport, nowMs: number): Promise<SweepReport> {
    const checked = { ...pass, checked: pass.checked + 1 };
    const ownership = await this.#options.ask(fillId);
    if (ownership === "unattributed") return { ...checked, unattributed: pass.unattributed + 1 };
    if (ownership === "owned") return checked;
    const facts = [...(await this.#options.pieces.stat(fillId)).values()];
    if (facts.some(({ storedMs }) => nowMs - storedMs < SAFE_AGE_MS)) return checked;
    await this.#options.pieces.deleteAll(fillId);
    log({ event: "sweep-deleted", fillId, count: facts.length });
    return { ...checked, deleted: pass.deleted + 1, pieces: pass.pieces + facts.length };
  }
}
