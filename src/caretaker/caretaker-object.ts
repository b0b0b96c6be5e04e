/** The Durable Object that looks after the whole: one in all, asked and told in the background. */

import { DurableObject } from "cloudflare:workers";
import { callObject } from "../call-object.ts";
import { loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { objectsOf } from "../objects.ts";
import { type ErrorRecord, type Outcome, settle } from "../outcome.ts";
import { CommitStore } from "../store/commit-store.ts";
import { digestOfFill, namesUpload } from "../store/keys.ts";
import { PieceStore } from "../store/piece-store.ts";
import { type BoardRecord, FillBoard, type FillNotice } from "./fill-board.ts";
import { Scrub, type ScrubRecord } from "./scrub.ts";
import { type Ownership, Sweep, type SweepRecord, type SweepReport } from "./sweep.ts";

const BOARD_KEY = "board";
const SWEEP_KEY = "sweep";
const SCRUB_KEY = "scrub";
/** Steps of the sweep in one round: what a call may cost is limited (developers.cloudflare.com/workers/platform/limits). */
const SWEEP_STEPS = 50;
/** No step is begun after this, in milliseconds: what a clock has started ends after 15 minutes (same page). */
const ROUND_MS = 600_000;

/** What it can tell of the whole. */
export interface CaretakerReport {
  readonly board: BoardRecord;
  readonly sweep: SweepReport | undefined;
  readonly scrub: Pick<ScrubRecord, "pass" | "damages"> | undefined;
}

/**
 * RPC and storage around the {@link FillBoard}. No download passes through it: a blob's object tells it of a fill's
 * start and end, and asks it for a turn where `MAX_FILLS` is set.
 */
export class CaretakerObject extends DurableObject<Env> {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  #openBoard: FillBoard | undefined;
  #running: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#env = env;
    this.#storage = ctx.storage;
  }

  /** See {@link FillBoard.admit}. */
  admit(notice: FillNotice): Promise<Outcome<void>> {
    return settle(() => this.#board().admit(notice));
  }

  /** See {@link FillBoard.turn}. */
  turn(notice: FillNotice): Promise<Outcome<boolean>> {
    return settle(() => this.#board().turn(notice));
  }

  /** See {@link FillBoard.end}. */
  end(notice: FillNotice, failure?: ErrorRecord): Promise<Outcome<void>> {
    return settle(() => this.#board().end(notice, failure));
  }

  /** What is known of the whole. */
  report(): Promise<Outcome<CaretakerReport>> {
    return settle(() => ({
      board: this.#board().read(),
      sweep: this.#sweep().report(),
      scrub: this.#scrub().report(),
    }));
  }

  /** Does some of what is to be done by the clock; one round at a time. */
  round(nowMs: number): Promise<Outcome<void>> {
    return settle(async () => {
      this.#running ??= this.#round(nowMs).finally(() => (this.#running = undefined));
      await this.#running;
    });
  }

  async #round(nowMs: number): Promise<void> {
    const { scrubBytes } = loadConfig(this.#env);
    const untilMs = Date.now() + ROUND_MS;
    const sweep = this.#sweep();
    for (let step = 0; step < SWEEP_STEPS && Date.now() < untilMs; step++) {
      if (!(await sweep.step(nowMs))) break;
    }
    const scrub = this.#scrub();
    for (let leftBytes = scrubBytes; leftBytes > 0 && Date.now() < untilMs;) {
      const bytes = await scrub.step(nowMs, leftBytes);
      if (bytes === undefined) break;
      leftBytes -= bytes;
    }
  }

  #sweep(): Sweep {
    return new Sweep({
      load: () => this.#storage.kv.get<SweepRecord>(SWEEP_KEY),
      save: (record) => this.#storage.kv.put(SWEEP_KEY, record),
      pieces: new PieceStore(this.#env.BUCKET),
      ask: (fillId) => this.#ownerOf(fillId),
    });
  }

  #scrub(): Scrub {
    return new Scrub({
      load: () => this.#storage.kv.get<ScrubRecord>(SCRUB_KEY),
      save: (record) => this.#storage.kv.put(SCRUB_KEY, record),
      commits: new CommitStore(this.#env.BUCKET),
      scrub: (digest) => callObject(() => objectsOf(this.#env).blobs.getByName(digest).scrub(digest)),
    });
  }

  /** Whether a blob is made of these pieces, or an upload may yet make one of them. */
  async #ownerOf(fillId: string): Promise<Ownership> {
    const { blobs, uploads } = objectsOf(this.#env);
    let digest = digestOfFill(fillId);
    if (digest === undefined) {
      if (!namesUpload(fillId)) return "unattributed";
      if (await callObject(() => uploads.getByName(fillId).alive())) return "owned";
      // Asked second: an upload that is over has left its note before, or never will.
      digest = await new PieceStore(this.#env.BUCKET).ownerOf(fillId);
      if (digest === undefined) return "disowned";
    }
    const blob = digest;
    const held = await callObject(() => blobs.getByName(blob).holds(blob, fillId));
    return held ? "owned" : "disowned";
  }

  #board(): FillBoard {
    const { maxFills, maxQueuedFills } = loadConfig(this.#env);
    this.#openBoard ??= new FillBoard({
      load: () => this.#storage.kv.get<BoardRecord>(BOARD_KEY),
      save: (record) => this.#storage.kv.put(BOARD_KEY, record),
      now: Date.now,
      maxFills,
      maxQueued: maxQueuedFills,
    });
    return this.#openBoard;
  }
}
