/** The Durable Object that looks after the whole: one in all, asked and told in the background. */

import { DurableObject } from "cloudflare:workers";
import { loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { type ErrorRecord, type Outcome, settle } from "../outcome.ts";
import { type BoardRecord, FillBoard, type FillNotice } from "./fill-board.ts";

const BOARD_KEY = "board";

/** What it can tell of the whole. */
export interface CaretakerReport {
  readonly board: BoardRecord;
}

/**
 * RPC and storage around the {@link FillBoard}. No download passes through it: a blob's object tells it of a fill's
 * start and end, and asks it for a turn where `MAX_FILLS` is set.
 */
export class CaretakerObject extends DurableObject<Env> {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  #openBoard: FillBoard | undefined;

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
    return settle(() => ({ board: this.#board().read() }));
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
