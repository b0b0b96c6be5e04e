import { DurableObject } from "cloudflare:workers";
import { caretakerOf } from "../caretaker/caretaker-of.ts";
import { loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { Metrics } from "../metrics.ts";
import type { Digest } from "../oci/digest.ts";
import { type Outcome, settle } from "../outcome.ts";
import { CommitStore } from "../store/commit-store.ts";
import { InspectionStore } from "../store/inspection-store.ts";
import { PieceStore } from "../store/piece-store.ts";
import { type Stored, withVersion, withoutVersion } from "../store/record-version.ts";
import { BlobLife } from "./blob-life.ts";
import { BlobMemory } from "./blob-memory.ts";
import type { BlobRecord, PinStore } from "./blob-record.ts";
import type {
  BlobOffer,
  BlobStatus,
  BlobView,
  OpenRequest,
  PieceWait,
  Pin,
  ScrubOutcome,
} from "./blob-state.ts";
import { Custody } from "./custody.ts";
import { FillJournal } from "./journal.ts";
import { BlobInspector } from "./inspector.ts";
import { Scrubber } from "./scrubber.ts";

const RECORD_KEY = "blob";
const PIN_PREFIX = "pin:";
/** How long {@link BlobObject.watch} waits for something to tell, in milliseconds. */
const WATCH_MS = 1000;

/** The parts that answer for one blob. */
interface Parts {
  readonly life: BlobLife;
  readonly custody: Custody;
  readonly scrubber: Scrubber;
}

/** The Durable Object of one blob, named by its digest: RPC and storage around a {@link BlobLife} and its {@link Custody}. */
export class BlobObject extends DurableObject<Env> {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  #parts: Parts | undefined;
  readonly #inspector: BlobInspector;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#env = env;
    this.#storage = ctx.storage;
    this.#inspector = new BlobInspector({
      pieces: new PieceStore(env.BUCKET),
      commits: new CommitStore(env.BUCKET),
      inspections: new InspectionStore(env.BUCKET),
    });
  }

  /** See {@link BlobLife.open}. */
  open(request: OpenRequest, lostFillId?: string): Promise<Outcome<BlobView>> {
    return settle(() => this.#open().life.open(request, lostFillId));
  }

  /** See {@link BlobLife.waitForPiece}. */
  waitForPiece(fillId: string, index: number): Promise<Outcome<PieceWait>> {
    return settle(() => this.#open().life.waitForPiece(fillId, index));
  }

  /** See {@link BlobLife.status}. */
  status(): Promise<Outcome<BlobStatus>> {
    return settle(() => this.#open().life.status());
  }

  /** The status when it differs from the one the caller has seen, or after a second. */
  watch(seen: Pick<BlobStatus, "state" | "storedBytes">): Promise<Outcome<BlobStatus>> {
    return settle(async () => {
      const timeout = new Promise((resolve) => setTimeout(resolve, WATCH_MS, "timeout"));
      for (;;) {
        const changed = this.#open().life.changed();
        const status = await this.#open().life.status();
        if (status.state !== seen.state || status.storedBytes !== seen.storedBytes) return status;
        if ((await Promise.race([changed, timeout])) === "timeout") return this.#open().life.status();
      }
    });
  }

  /** See {@link BlobLife.touch}. */
  touch(): Promise<Outcome<void>> {
    return settle(() => this.#open().life.touch());
  }

  /** See {@link BlobLife.drop}. */
  drop(): Promise<Outcome<void>> {
    return settle(() => this.#open().life.drop());
  }

  /** See {@link Custody.adopt}. */
  adopt(offer: BlobOffer, pin?: Pin): Promise<Outcome<{ readonly fillId: string }>> {
    return settle(() => this.#open().custody.adopt(offer, pin));
  }

  /** See {@link Custody.pin}. */
  pin(digest: Digest, pin: Pin): Promise<Outcome<boolean>> {
    return settle(() => this.#open().custody.pin(digest, pin));
  }

  /** See {@link Custody.unpin}. */
  unpin(pin: Pin): Promise<Outcome<void>> {
    return settle(() => this.#open().custody.unpin(pin));
  }

  /** See {@link BlobInspector.inspect}. */
  inspect(digest: Digest): Promise<Outcome<boolean>> {
    return settle(() => this.#inspector.inspect(digest));
  }

  /** See {@link Scrubber.holds}. */
  holds(digest: Digest, fillId: string): Promise<Outcome<boolean>> {
    return settle(() => this.#open().scrubber.holds(digest, fillId));
  }

  /** See {@link Scrubber.scrub}. */
  scrub(digest: Digest): Promise<Outcome<ScrubOutcome>> {
    return settle(() => this.#open().scrubber.scrub(digest));
  }

  override async alarm(): Promise<void> {
    await this.#open().life.wake();
  }

  /** Made at the first call and not in the constructor, so that a bad configuration is an answer and not a crash. */
  #open(): Parts {
    if (this.#parts !== undefined) return this.#parts;
    const config = loadConfig(this.#env);
    const pieces = new PieceStore(this.#env.BUCKET);
    const commits = new CommitStore(this.#env.BUCKET);
    const memory = new BlobMemory(
      {
        load: () => {
          const stored = this.#storage.kv.get<Stored<BlobRecord>>(RECORD_KEY);
          return stored && withoutVersion(stored, `record of blob "${stored.digest}"`);
        },
        save: (record) => this.#storage.kv.put(RECORD_KEY, withVersion(record)),
        clear: () => this.#storage.deleteAll(),
        wakeAt: (timeMs) => this.#storage.setAlarm(timeMs),
        pins: this.#pins(),
      },
      config.blobIdleMs,
    );
    const journal = new FillJournal({
      caretaker: () => caretakerOf(this.#env),
      metrics: new Metrics(this.#env.METRICS),
      limited: config.maxFills !== undefined,
      keepAlive: (work) => this.ctx.waitUntil(work),
    });
    const life = new BlobLife({ config, memory, pieces, commits, journal });
    const parts = { memory, life, pieces, commits };
    this.#parts = { life, custody: new Custody(parts), scrubber: new Scrubber(parts) };
    return this.#parts;
  }

  #pins(): PinStore {
    const { kv } = this.#storage;
    return {
      get: (repository) => kv.get<number>(PIN_PREFIX + repository),
      put: (repository, generation) => kv.put(PIN_PREFIX + repository, generation),
      delete: (repository) => kv.delete(PIN_PREFIX + repository),
      any: () => kv.list({ prefix: PIN_PREFIX, limit: 1 })[Symbol.iterator]().next().done !== true,
    };
  }
}
