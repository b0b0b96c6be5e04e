/** What a fill tells others: the log, and whoever looks after all fills. */

import type { CaretakerObject } from "../caretaker/caretaker-object.ts";
import type { FillNotice } from "../caretaker/fill-board.ts";
import { RegistryError } from "../errors.ts";
import { log, logFailure } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Outcome, toErrorRecord, unwrap } from "../outcome.ts";
import type { BlobRecord } from "./blob-record.ts";

/** What a journal needs. */
export interface JournalOptions {
  /** Makes a stub; another one after a failure, because one that has failed may stay broken. */
  readonly caretaker: () => DurableObjectStub<CaretakerObject>;
  /** Whether the number of fills is limited, so that one has to ask for its turn. */
  readonly limited: boolean;
  readonly metrics: Metrics;
  /** Keeps the object alive until a notice is delivered. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** A fill, as its journal names it. */
export interface JournalEntry extends FillNotice {
  readonly fillId: string;
}

/** What is told of a fill; the repository is one that the service's own credentials read. */
export function entryOf({ digest, sizeBytes, fillId, sources: [source] }: BlobRecord): JournalEntry {
  const repository = source === undefined ? undefined : `${source.registry}/${source.repository}`;
  return { digest, sizeBytes, fillId, repository };
}

/** What a fill that has ended has cost. */
export interface FillCost {
  /** Bytes that came from the upstream. */
  readonly fetchedBytes: number;
  /** Since it was decided on. */
  readonly ms: number;
}

/** Logs a fill's steps and tells the caretaker of them. A caretaker that cannot be reached holds up no fill. */
export class FillJournal {
  readonly #options: JournalOptions;
  /** Kept, so that what is told arrives in the order in which it was told. */
  #caretaker: DurableObjectStub<CaretakerObject> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Asks whether one fill more may be begun.
   * @throws {RegistryError} `overloaded`
   */
  async admit(notice: FillNotice): Promise<void> {
    if (this.#options.limited) await this.#ask("admit", (caretaker) => caretaker.admit(notice), undefined);
  }

  /** Waits a while for a fill's turn; false when it is to ask again. */
  async turn(notice: FillNotice): Promise<boolean> {
    if (!this.#options.limited) return true;
    try {
      return await this.#ask("turn", (caretaker) => caretaker.turn(notice), true);
    } catch {
      // It lost its place, and those who came later are too many: it waits on.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return false;
    }
  }

  /** A fill was decided on. */
  started({ fillId, ...notice }: JournalEntry, resumed: boolean): void {
    const { digest, sizeBytes: bytes, repository } = notice;
    log({ event: resumed ? "fill-resumed" : "fill-started", digest, fillId, bytes, repository });
    this.goesOn(notice);
  }

  /** A fill runs, or waits to. */
  goesOn(notice: FillNotice): void {
    this.#tell("goes on", (caretaker) => caretaker.admit(notice));
  }

  /** The whole digest was checked. */
  committed({ fillId, ...notice }: JournalEntry, { fetchedBytes, ms }: FillCost): void {
    const { digest, sizeBytes: bytes, repository = "" } = notice;
    log({ event: "fill-committed", digest, fillId, bytes, fetchedBytes, ms });
    this.#options.metrics.fill("committed", repository, fetchedBytes, ms);
    this.#tell("committed", (caretaker) => caretaker.end(notice));
  }

  /** A fill was given up, for `failure`, because of `cause`. */
  failed(
    { fillId, ...notice }: JournalEntry,
    failure: RegistryError,
    cause: unknown,
    { fetchedBytes, ms }: FillCost,
  ): void {
    const { digest, repository = "" } = notice;
    logFailure({ event: "fill-failed", digest, fillId, code: failure.code, fetchedBytes, ms }, cause);
    this.#options.metrics.fill(failure.code, repository, fetchedBytes, ms);
    this.#tell("failed", (caretaker) => caretaker.end(notice, toErrorRecord(failure)));
  }

  /** A fill was stopped because nobody is to have the blob. */
  dropped(notice: FillNotice): void {
    this.#tell("dropped", (caretaker) => caretaker.end(notice));
  }

  /** A fill that waits for its turn gives up its place: also the one that it gets by a question that is still open. */
  leave(notice: FillNotice, turn: Promise<boolean>): void {
    this.dropped(notice);
    this.#options.keepAlive(turn.then(() => this.dropped(notice)));
  }

  #tell(what: string, call: (caretaker: DurableObjectStub<CaretakerObject>) => Promise<Outcome<void>>): void {
    this.#options.keepAlive(this.#ask(what, call, undefined).catch(() => {}));
  }

  async #ask<T>(
    what: string,
    call: (caretaker: DurableObjectStub<CaretakerObject>) => Promise<Outcome<T>>,
    otherwise: T,
  ): Promise<T> {
    try {
      return unwrap(await call((this.#caretaker ??= this.#options.caretaker())));
    } catch (error) {
      if (error instanceof RegistryError && error.code === "overloaded") throw error;
      this.#caretaker = undefined;
      logFailure({ event: "caretaker-unreachable", code: what }, error);
      return otherwise;
    }
  }
}
