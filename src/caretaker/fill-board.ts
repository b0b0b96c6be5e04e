/**
 * Which blobs are being filled, in the order in which they came, and which fills failed last.
 *
 * It is told, and decides nothing about a blob; only where the number of fills is limited does a fill ask for its turn
 * here. Who is not heard of for a while is forgotten, so that a notice that was lost does no lasting harm.
 */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { ErrorRecord } from "../outcome.ts";

/** A fill that was not heard of for so long is over, in milliseconds; one that runs is heard of twice a minute. */
const LEASE_MS = 120_000;
/** How long {@link FillBoard.turn} waits, in milliseconds: shorter than the pause after which a caller looks for itself. */
const TURN_WAIT_MS = 10_000;
/** Failures that are remembered. */
const MAX_FAILURES = 20;
/** What a refused caller is told to wait, in seconds. */
const RETRY_AFTER_SECONDS = 30;

/** A fill, as others are told of it. */
export interface FillNotice {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** `registry/repository` that it is fetched from; absent where that is not to be remembered. */
  readonly repository?: string | undefined;
}

/** A fill on the board. */
export interface BoardEntry extends FillNotice {
  readonly sinceMs: number;
  /** False while it waits for its turn. */
  readonly running: boolean;
  readonly heardMs: number;
}

/** A fill that failed. */
export interface FailedFill extends FillNotice {
  readonly failure: ErrorRecord;
  readonly atMs: number;
}

/** Everything on the board, as it is stored. */
export interface BoardRecord {
  readonly fills: readonly BoardEntry[];
  /** The last one first. */
  readonly failures: readonly FailedFill[];
}

/** What a board needs. */
export interface FillBoardOptions {
  readonly load: () => BoardRecord | undefined;
  readonly save: (record: BoardRecord) => void;
  readonly now: () => number;
  /** Fills at once; `undefined` for any number. */
  readonly maxFills: number | undefined;
  /** Fills that may wait for their turn. */
  readonly maxQueued: number;
}

/** The board. */
export class FillBoard {
  readonly #options: FillBoardOptions;
  #record: BoardRecord;
  #changed = Promise.withResolvers<void>();

  constructor(options: FillBoardOptions) {
    this.#options = options;
    this.#record = options.load() ?? { fills: [], failures: [] };
  }

  /** What runs and what waits, first come first, and what failed last. */
  read(): BoardRecord {
    this.#forgetSilent();
    return this.#record;
  }

  /**
   * Takes a fill onto the board, or hears of it again.
   * @throws {RegistryError} `overloaded` for a new one where too many wait already
   */
  admit(notice: FillNotice): void {
    this.#forgetSilent();
    const { maxFills = Infinity, maxQueued, now } = this.#options;
    const { fills } = this.#record;
    const heardMs = now();
    const known = fills.some(({ digest }) => digest === notice.digest);
    if (!known && fills.length >= maxFills + maxQueued) {
      throw new RegistryError(
        "overloaded",
        `Cannot fetch blob "${notice.digest}" now: ${fills.length} others are being fetched or wait for it; try again later`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    const entry = { ...named(notice), sinceMs: heardMs, running: false, heardMs };
    this.#save({
      fills: known
        ? fills.map((fill) => (fill.digest === notice.digest ? { ...fill, ...named(notice), heardMs } : fill))
        : [...fills, entry],
    });
    this.#giveTurns();
  }

  /**
   * Waits for a fill's turn, a while.
   * @returns whether it may run; where not, it is to ask again
   * @throws {RegistryError} see {@link FillBoard.admit}
   */
  async turn(notice: FillNotice): Promise<boolean> {
    const timeout = new Promise((resolve) => setTimeout(resolve, TURN_WAIT_MS, "timeout"));
    for (;;) {
      const changed = this.#changed.promise;
      this.admit(notice);
      if (this.#record.fills.find(({ digest }) => digest === notice.digest)?.running === true) return true;
      if ((await Promise.race([changed, timeout])) === "timeout") return false;
    }
  }

  /** Takes a fill off the board, and remembers why it failed, if it did. */
  end(notice: FillNotice, failure?: ErrorRecord): void {
    const fills = this.#record.fills.filter(({ digest }) => digest !== notice.digest);
    const failures =
      failure === undefined
        ? this.#record.failures
        : [{ ...named(notice), failure, atMs: this.#options.now() }, ...this.#record.failures].slice(
            0,
            MAX_FAILURES,
          );
    this.#save({ fills, failures });
    this.#giveTurns();
  }

  #forgetSilent(): void {
    const silentMs = this.#options.now() - LEASE_MS;
    const fills = this.#record.fills.filter(({ heardMs }) => heardMs > silentMs);
    if (fills.length === this.#record.fills.length) return;
    this.#save({ fills });
    this.#giveTurns();
  }

  /** Lets those run that came first, as many as may. */
  #giveTurns(): void {
    let free =
      (this.#options.maxFills ?? Infinity) - this.#record.fills.filter(({ running }) => running).length;
    const fills = this.#record.fills.map((fill) =>
      fill.running || free-- <= 0 ? fill : { ...fill, running: true },
    );
    if (fills.every((fill, index) => fill === this.#record.fills[index])) return;
    this.#save({ fills });
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #save(changes: Partial<BoardRecord>): void {
    this.#record = { ...this.#record, ...changes };
    this.#options.save(this.#record);
  }
}

/** What is kept of a notice: these and no other members that its sender may have. */
function named({ digest, sizeBytes, repository }: FillNotice): FillNotice {
  return { digest, sizeBytes, ...(repository === undefined ? {} : { repository }) };
}
