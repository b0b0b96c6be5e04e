/** Carries out one {@link Plan} against the Worker, and finds what must never be. */

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { caretakerOf } from "../../src/caretaker/caretaker-of.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { PIECES_PREFIX } from "../../src/store/keys.ts";
import { pieceCount } from "../../src/store/layout.ts";
import { bearer, edge, upstream } from "../worker/edge.ts";
import { BucketFaults } from "./bucket-faults.ts";
import { Clients } from "./clients.ts";
import type { ObjectKind, Plan, PlannedFault, Step } from "./plan.ts";
import { damageOf, findOrphans, keysBehind } from "./store-check.ts";
import { type ChaosImage, addImages, nameOf } from "./world.ts";

/** A client, or a fill, that has not come to an end by then is stuck: all waits together are a third of it. */
const STUCK_MS = 45_000;
/** Downloads in a row after which a well upstream must have brought the right bytes: what a liar left fails one. */
const HEALING_ATTEMPTS = 4;
const HEALING_PAUSE_MS = 1100;
/** Sweeps after which nothing may be left: what was on its way to the bucket arrives before the second. */
const SWEEPS = 3;
const DAY_MS = 24 * 3_600_000;
/** Longer than any clock in a plan jumps: everything that is remembered for a time is forgotten then. */
const LONG_MS = 100 * DAY_MS;

/** What a round came to. */
export interface RoundResult {
  /** Everything that must never be; empty in a good round. */
  readonly violations: readonly string[];
  /** Complete bodies that clients got while things failed. */
  readonly complete: number;
  /** Downloads that were refused or broke off meanwhile. */
  readonly broken: number;
  /** Upstream faults and R2 failures that took effect. */
  readonly faults: number;
  /** Images that were confirmed as stored here. */
  readonly pushed: number;
}

/** Runs a round to its end: faults, then healing, then the checks of what is stored, then the end of all of it. */
export async function runRound(plan: Plan): Promise<RoundResult> {
  return new Round(plan, await addImages(plan)).run();
}

/** The caretaker's clock: always a pass later, and everything that is stored is old by it. */
let caretakerMs = Date.now() + LONG_MS;

class Round {
  readonly #plan: Plan;
  readonly #bucket = new BucketFaults();
  readonly #realNow = Date.now;
  readonly #images: readonly ChaosImage[];
  readonly #clients: Clients;
  #clockMs = 0;

  constructor(plan: Plan, images: readonly ChaosImage[]) {
    this.#plan = plan;
    this.#images = images;
    this.#clients = new Clients(plan, images);
  }

  async run(): Promise<RoundResult> {
    Date.now = () => this.#realNow.call(Date) + this.#clockMs;
    try {
      const ids = await this.#orderFaults();
      await Promise.all(this.#plan.steps.map(({ atMs, step }, index) => this.#perform(atMs, step, index)));
      const hits = await Promise.all(ids.map((id) => upstream.faultHits(id)));
      await this.#makeWell();
      for (const image of this.#images) await this.#settle(image);
      const loses = this.#plan.steps.some(({ step }) => step.kind === "lose-piece");
      // What this round itself took away is noticed by whoever reads it next.
      await this.#checkBlobs(loses ? ["altered"] : ["altered", "missing"]);
      for (const image of this.#images) await this.#heal(image);
      await this.#bounded("reading what was pushed", this.#clients.checkPushed());
      await this.#sweep();
      await this.#checkBlobs(["altered", "missing"]);
      await this.#endAll();
      const { violations, complete, broken, pushed } = this.#clients;
      const faults = hits.reduce((sum, count) => sum + count, 0) + this.#bucket.hits;
      return { violations, complete, broken, faults, pushed: pushed.length };
    } finally {
      await this.#makeWell();
      this.#bucket.remove();
      Date.now = this.#realNow;
    }
  }

  async #orderFaults(): Promise<number[]> {
    const { faults, bytesPerSecond } = this.#plan;
    const { tokens, redirectUses } = this.#plan.upstream;
    await upstream.configure({
      ...(tokens ? { auth: { scheme: "bearer" } } : {}),
      ...(redirectUses === undefined ? {} : { redirectBlobs: { uses: redirectUses } }),
    });
    await upstream.fault({ match: { kind: "blob" }, action: { kind: "throttle", bytesPerSecond } });
    return Promise.all(faults.map((fault) => upstream.fault(this.#faultOf(fault))));
  }

  #faultOf({ image, of, origin, times, skip, action }: PlannedFault): Parameters<typeof upstream.fault>[0] {
    const { digest, repositories } = this.#image(image);
    const repository = origin === "all" ? {} : { repository: nameOf(repositories[origin]) };
    const reference = of === "blob" ? { reference: digest } : {};
    return { match: { kind: of, ...repository, ...reference }, times, skip, action };
  }

  async #makeWell(): Promise<void> {
    await upstream.clearFaults();
    await upstream.configure({});
    this.#bucket.heal();
    this.#clockMs = 0;
  }

  async #perform(atMs: number, step: Step, index: number): Promise<void> {
    await sleep(atMs);
    await this.#bounded(step.kind, this.#carryOut(step, index));
  }

  #carryOut(step: Step, index: number): Promise<unknown> {
    switch (step.kind) {
      case "download":
        return this.#clients.download(this.#image(step.image), step.from, step.by);
      case "range":
        return this.#clients.range(this.#image(step.image), step.from, step.start, step.end);
      case "vanish":
        return this.#clients.vanish(this.#image(step.image), step.from, step.fraction);
      case "push":
        return this.#clients.push(this.#plan.seed * 32 + index, step.sizeBytes, step.fraction);
      case "warm":
        return this.#clients.cache(this.#image(step.image), step.from, "PUT");
      case "drop":
        return this.#clients.cache(this.#image(step.image), "honest", "DELETE");
      case "evict":
        return evictDurableObject(this.#object(step.of, step.image)).catch(ignore);
      case "abort-all":
        return abortAllDurableObjects().catch(ignore);
      case "alarm":
        return runDurableObjectAlarm(this.#object(step.of, step.image)).catch(ignore);
      case "caretaker-round":
        return this.#caretake().catch(ignore);
      case "lose-piece":
        return this.#losePiece(this.#image(step.image), step.fraction).catch(ignore);
      case "bucket":
        this.#bucket.order(step);
        return Promise.resolve();
      case "clock":
        this.#clockMs = step.byMs;
        return Promise.resolve();
      case "move-tag":
        return this.#moveTag(this.#image(step.image));
      case "revoke-tokens":
        return upstream.revokeTokens();
    }
  }

  async #losePiece({ digest }: ChaosImage, fraction: number): Promise<void> {
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(digest));
    if (commit === null) return;
    const lost = Math.floor(fraction * pieceCount(commit.layout));
    await env.BUCKET.delete(`${PIECES_PREFIX}${commit.fillId}/${lost}`);
  }

  async #moveTag(image: ChaosImage): Promise<void> {
    image.moved = !image.moved;
    await upstream.tag(nameOf(image.repositories.honest), "1.0", image.manifests[image.moved ? 1 : 0]);
  }

  /** A pass of the sweep and one of the scrub, by whose clock nothing is young. */
  async #caretake(): Promise<void> {
    caretakerMs += 8 * DAY_MS;
    await caretakerOf(env).round(caretakerMs);
  }

  /** Waits until a blob is at rest; an alarm that is due in half a minute rings now. */
  async #settle({ digest }: ChaosImage): Promise<void> {
    const stub = env.BLOBS.getByName(digest);
    const deadline = performance.now() + STUCK_MS;
    for (;;) {
      const outcome = await stub.status();
      if (outcome.ok && outcome.value.state !== "filling") return;
      if (performance.now() > deadline) return this.#found(`${digest}: stuck at ${JSON.stringify(outcome)}`);
      if (outcome.ok && outcome.value.bytesPerSecond === 0) await runDurableObjectAlarm(stub);
      await sleep(50);
    }
  }

  /** With a well upstream and a well R2 the image can be had. */
  async #heal(image: ChaosImage): Promise<void> {
    for (let attempt = 1; attempt <= HEALING_ATTEMPTS; attempt++) {
      if (await this.#bounded("healing", this.#clients.download(image, "honest", "digest"))) return;
      await sleep(HEALING_PAUSE_MS);
    }
    const outcome = await env.BLOBS.getByName(image.digest).status();
    this.#found(`${image.digest}: cannot be had although all is well: ${JSON.stringify(outcome)}`);
  }

  /** A commit record has all its pieces, and they have its digest. */
  async #checkBlobs(damages: readonly string[]): Promise<void> {
    const blobs = [...this.#images, ...this.#clients.pushed];
    for (const digest of new Set(blobs.map((blob) => blob.digest))) {
      const damage = await damageOf(parseDigest(digest));
      if (damage !== undefined && damages.includes(damage)) this.#found(`${digest}: committed, ${damage}`);
    }
  }

  /** After a sweep there is no piece that nobody names. */
  async #sweep(): Promise<void> {
    for (let sweep = 1; ; sweep++) {
      await this.#bounded("the sweep", this.#caretake());
      for (const image of this.#images) await this.#settle(image);
      const pieces = await findOrphans();
      if (pieces.length === 0) return;
      if (sweep === SWEEPS) {
        this.#found(`pieces that nobody names after the sweep: ${pieces.join(" ")}`);
        return;
      }
      await sleep(200);
    }
  }

  /** What is dropped and deleted leaves nothing behind: the next round begins with an empty bucket. */
  async #endAll(): Promise<void> {
    for (const { digest, otherDigest } of this.#images) {
      await env.BLOBS.getByName(digest).drop();
      await env.BLOBS.getByName(otherDigest).drop();
    }
    for (const { reference } of this.#clients.pushed) {
      await edge(`/v1/images/${reference}`, { method: "DELETE", headers: bearer("pusher") });
    }
    const uploads = new Set((await keysBehind(PIECES_PREFIX)).map((key) => key.split("/")[1] ?? ""));
    for (const later of [LONG_MS, 2 * LONG_MS]) {
      this.#clockMs = later;
      for (const path of this.#clients.pushedTo)
        await runDurableObjectAlarm(env.REPOSITORIES.getByName(path));
      for (const id of uploads) await runDurableObjectAlarm(env.UPLOADS.getByName(id));
    }
    this.#clockMs = 0;
    await this.#bounded("the last sweep", this.#caretake());
    const left = (await keysBehind("")).filter((key) =>
      /^(chunks|owners|blobs|inspect|repositories)\//.test(key),
    );
    if (left.length === 0) return;
    this.#found(`left behind when all was dropped: ${left.join(" ")}`);
    await env.BUCKET.delete(left);
  }

  async #bounded<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stuck = new Promise<"stuck">((resolve) => (timer = setTimeout(resolve, STUCK_MS, "stuck")));
    const result = await Promise.race([work, stuck]);
    clearTimeout(timer);
    if (result !== "stuck") return result;
    this.#found(`${what} does not come to an end`);
    return undefined;
  }

  #found(violation: string): void {
    this.#clients.violations.push(violation);
  }

  #object(of: ObjectKind, index: number): DurableObjectStub {
    const { digest, repositories } = this.#image(index);
    if (of === "caretaker") return caretakerOf(env);
    return of === "blob" ? env.BLOBS.getByName(digest) : env.REPOSITORIES.getByName(repositories.honest);
  }

  #image(index: number): ChaosImage {
    const image = this.#images[index];
    if (image === undefined) throw new RangeError(`Cannot find image: the plan has no number ${index}`);
    return image;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function ignore(): void {
  // Chaos that could not be made is none.
}
