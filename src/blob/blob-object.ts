import { DurableObject } from "cloudflare:workers";
import { loadConfig } from "../config.ts";
import type { Env } from "../env.ts";
import type { Digest } from "../oci/digest.ts";
import { type Outcome, settle } from "../outcome.ts";
import { CommitStore } from "../store/commit-store.ts";
import { InspectionStore } from "../store/inspection-store.ts";
import { PieceStore } from "../store/piece-store.ts";
import { BlobLife, type BlobRecord } from "./blob-life.ts";
import type { BlobStatus, BlobView, OpenRequest, PieceWait } from "./blob-state.ts";
import { BlobInspector } from "./inspector.ts";

const RECORD_KEY = "blob";
/** How long {@link BlobObject.watch} waits for something to tell, in milliseconds. */
const WATCH_MS = 1000;

/** The Durable Object of one blob, named by its digest: RPC and storage around a {@link BlobLife}. */
export class BlobObject extends DurableObject<Env> {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  #life: BlobLife | undefined;
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
    return settle(() => this.#blob().open(request, lostFillId));
  }

  /** See {@link BlobLife.waitForPiece}. */
  waitForPiece(fillId: string, index: number): Promise<Outcome<PieceWait>> {
    return settle(() => this.#blob().waitForPiece(fillId, index));
  }

  /** See {@link BlobLife.status}. */
  status(): Promise<Outcome<BlobStatus>> {
    return settle(() => this.#blob().status());
  }

  /** The status when it differs from the one the caller has seen, or after a second. */
  watch(seen: Pick<BlobStatus, "state" | "storedBytes">): Promise<Outcome<BlobStatus>> {
    return settle(async () => {
      const timeout = new Promise((resolve) => setTimeout(resolve, WATCH_MS, "timeout"));
      for (;;) {
        const changed = this.#blob().changed();
        const status = await this.#blob().status();
        if (status.state !== seen.state || status.storedBytes !== seen.storedBytes) return status;
        if ((await Promise.race([changed, timeout])) === "timeout") return this.#blob().status();
      }
    });
  }

  /** See {@link BlobLife.touch}. */
  touch(): Promise<Outcome<void>> {
    return settle(() => this.#blob().touch());
  }

  /** See {@link BlobLife.drop}. */
  drop(): Promise<Outcome<void>> {
    return settle(() => this.#blob().drop());
  }

  /** See {@link BlobInspector.inspect}. */
  inspect(digest: Digest): Promise<Outcome<boolean>> {
    return settle(() => this.#inspector.inspect(digest));
  }

  override async alarm(): Promise<void> {
    await this.#blob().wake();
  }

  /** Made at the first call and not in the constructor, so that a bad configuration is an answer and not a crash. */
  #blob(): BlobLife {
    this.#life ??= new BlobLife({
      config: loadConfig(this.#env),
      pieces: new PieceStore(this.#env.BUCKET),
      commits: new CommitStore(this.#env.BUCKET),
      records: {
        load: () => this.#storage.kv.get<BlobRecord>(RECORD_KEY),
        save: (record) => this.#storage.kv.put(RECORD_KEY, record),
        clear: () => this.#storage.deleteAll(),
        wakeAt: (timeMs) => this.#storage.setAlarm(timeMs),
      },
    });
    return this.#life;
  }
}
