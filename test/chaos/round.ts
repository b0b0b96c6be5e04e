/** Carries out one {@link Plan} against the Worker, and finds what must never be. */

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { pieceByIndex, pieceCount } from "../../src/store/layout.ts";
import { PieceStore } from "../../src/store/piece-store.ts";
import { bearer, digestOf, edge, freshRepository, received, upstream } from "../worker/edge.ts";
import { BucketFaults } from "./bucket-faults.ts";
import type { Origin, Plan, PlannedFault, Step } from "./plan.ts";

/** A client, or a fill, that has not come to an end by then is stuck: all waits together are a third of it. */
const STUCK_MS = 45_000;
/** Downloads in a row after which a well upstream must have brought the right bytes: what a liar left fails one. */
const HEALING_ATTEMPTS = 4;
const HEALING_PAUSE_MS = 1100;

/** An image in the upstream, twice. */
interface ChaosImage {
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly repositories: Readonly<Record<Origin, string>>;
  /** What the tag names, and what it is moved to. */
  readonly manifests: readonly [string, string];
  moved: boolean;
}

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
}

/** Runs a round to its end: faults, then healing, then the checks of what is stored. */
export async function runRound(plan: Plan): Promise<RoundResult> {
  const round = new Round(plan);
  return round.run();
}

class Round {
  readonly #plan: Plan;
  readonly #bucket = new BucketFaults();
  readonly #violations: string[] = [];
  readonly #realNow = Date.now;
  #images: readonly ChaosImage[] = [];
  #clockMs = 0;
  #complete = 0;
  #broken = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  async run(): Promise<RoundResult> {
    Date.now = () => this.#realNow.call(Date) + this.#clockMs;
    try {
      this.#images = await Promise.all(this.#plan.sizes.map((size, index) => this.#addImage(size, index)));
      const ids = await this.#orderFaults();
      await Promise.all(this.#plan.steps.map((planned) => this.#perform(planned.atMs, planned.step)));
      const hits = await Promise.all(ids.map((id) => upstream.faultHits(id)));
      await upstream.clearFaults();
      this.#bucket.heal();
      this.#clockMs = 0;
      for (const image of this.#images) await this.#settle(image);
      for (const image of this.#images) await this.#checkStore(image);
      for (const image of this.#images) await this.#heal(image);
      for (const image of this.#images) await this.#checkStore(image);
      return {
        violations: this.#violations,
        complete: this.#complete,
        broken: this.#broken,
        faults: hits.reduce((sum, count) => sum + count, 0) + this.#bucket.hits,
      };
    } finally {
      await upstream.clearFaults();
      this.#bucket.remove();
      Date.now = this.#realNow;
    }
  }

  async #addImage(sizeBytes: number, index: number): Promise<ChaosImage> {
    const seed = (this.#plan.seed * 8 + index * 2) % 2 ** 31;
    const repositories = { honest: freshRepository(), liar: freshRepository() };
    const image = await upstream.addImage(repositories.honest, "1.0", { sizeBytes, seed });
    const other = await upstream.addImage(repositories.honest, null, { sizeBytes: 5000, seed: seed + 1 });
    await upstream.addImage(repositories.liar, "1.0", {
      sizeBytes,
      seed: seed + 1,
      declaredDigest: image.digest,
    });
    const blob = await fetch(`${upstream.url}/v2/${repositories.honest}/blobs/${image.digest}`);
    return {
      digest: image.digest,
      bytes: new Uint8Array(await blob.arrayBuffer()),
      repositories,
      manifests: [image.manifestDigest, other.manifestDigest],
      moved: false,
    };
  }

  async #orderFaults(): Promise<number[]> {
    const { faults, bytesPerSecond } = this.#plan;
    await upstream.fault({ match: { kind: "blob" }, action: { kind: "throttle", bytesPerSecond } });
    return Promise.all(faults.map((fault) => upstream.fault(this.#faultOf(fault))));
  }

  #faultOf({ image, of, origin, times, skip, action }: PlannedFault): Parameters<typeof upstream.fault>[0] {
    const { digest, repositories } = this.#image(image);
    const repository = origin === "both" ? {} : { repository: repositories[origin] };
    const reference = of === "blob" ? { reference: digest } : {};
    return { match: { kind: of, ...repository, ...reference }, times, skip, action };
  }

  async #perform(atMs: number, step: Step): Promise<void> {
    await sleep(atMs);
    await this.#bounded(step.kind, this.#carryOut(step));
  }

  #carryOut(step: Step): Promise<unknown> {
    switch (step.kind) {
      case "download":
        return this.#download(step.image, step.from, step.by);
      case "range":
        return this.#range(step.image, step.from, step.start, step.end);
      case "vanish":
        return this.#vanish(step.image, step.from, step.fraction);
      case "warm":
        return this.#ask(step.image, step.from, "PUT");
      case "drop":
        return this.#ask(step.image, "honest", "DELETE");
      case "evict":
        return evictDurableObject(this.#object(step.image)).catch(ignore);
      case "abort-all":
        return abortAllDurableObjects().catch(ignore);
      case "alarm":
        return runDurableObjectAlarm(this.#object(step.image)).catch(ignore);
      case "lose-piece":
        return this.#losePiece(step.image, step.fraction);
      case "bucket":
        this.#bucket.order(step);
        return Promise.resolve();
      case "clock":
        this.#clockMs = step.byMs;
        return Promise.resolve();
      case "move-tag":
        return this.#moveTag(step.image);
    }
  }

  async #download(index: number, from: Origin, by: "tag" | "digest"): Promise<void> {
    const { repositories, manifests } = this.#image(index);
    const reference =
      by === "tag" || from === "liar"
        ? `${repositories[from]}:1.0`
        : `${repositories.honest}@${manifests[0]}`;
    await this.#get(`lab/${reference}`, {});
  }

  async #range(index: number, from: Origin, start: number, end: number): Promise<void> {
    const { repositories, bytes } = this.#image(index);
    const first = Math.floor(Math.min(start, end) * bytes.length);
    const last = Math.floor(Math.max(start, end) * bytes.length);
    await this.#get(`lab/${repositories[from]}:1.0`, { Range: `bytes=${first}-${last}` });
  }

  /** Downloads, and holds what came against what was announced. */
  async #get(reference: string, headers: Record<string, string>): Promise<boolean> {
    const response = await edge(`/v1/images/${reference}`, { headers: { ...bearer("reader"), ...headers } });
    if (response.status >= 500 && !(await this.#isOwnFailure(response))) {
      this.#violations.push(`${reference}: ${response.status} ${await response.text()}`);
    }
    const { bytes, complete } = await received(response);
    const length = Number(response.headers.get("Content-Length"));
    if (response.status >= 300 || !complete || bytes.length !== length) {
      this.#broken++;
      return false;
    }
    this.#complete++;
    const digest = response.headers.get("Docker-Content-Digest") ?? "";
    if (response.status === 200) {
      const found = await digestOf(bytes);
      if (found === digest) return true;
      this.#violations.push(
        `${reference}: a complete body of ${length} bytes with the digest ${found}, not ${digest}`,
      );
      return false;
    }
    this.#checkRange(reference, response, bytes);
    return true;
  }

  /** A range of a committed blob, or one that reaches the last byte, is verified; another may be passed on as it is. */
  #checkRange(reference: string, response: Response, bytes: Uint8Array): void {
    const [, first = "0", last = "0", size = "0"] =
      /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "") ?? [];
    const hit = response.headers.get("Cache-Status")?.includes("; hit") === true;
    if (!hit && Number(last) + 1 < Number(size)) return;
    const image = this.#images.find(({ digest }) => digest === response.headers.get("Docker-Content-Digest"));
    const wanted = image?.bytes.subarray(Number(first), Number(last) + 1);
    if (wanted !== undefined && !equal(bytes, wanted)) {
      this.#violations.push(`${reference}: wrong bytes ${first}-${last} of ${size}`);
    }
  }

  /** A failure of the service's own is one only where R2 or an object was made to fail. */
  async #isOwnFailure(response: Response): Promise<boolean> {
    if (response.status !== 500) return true;
    const { steps } = this.#plan;
    const { code } = await response.clone().json<{ code: string }>();
    const harmed = steps.some(({ step }) => ["bucket", "evict", "abort-all"].includes(step.kind));
    return code === "internal-error" && harmed;
  }

  async #vanish(index: number, from: Origin, fraction: number): Promise<void> {
    const { repositories, bytes } = this.#image(index);
    const gone = new AbortController();
    try {
      const response = await edge(`/v1/images/lab/${repositories[from]}:1.0`, { signal: gone.signal });
      let got = 0;
      for await (const part of response.body ?? []) {
        got += part.length;
        if (got >= fraction * bytes.length) break;
      }
    } catch {
      // Whatever else befell it, this client is gone.
    } finally {
      gone.abort();
    }
  }

  async #ask(index: number, from: Origin, method: "PUT" | "DELETE"): Promise<void> {
    const path = `/v1/cache/lab/${this.#image(index).repositories[from]}:1.0`;
    await (await edge(path, { method, headers: bearer("admin") })).body?.cancel();
  }

  async #losePiece(index: number, fraction: number): Promise<void> {
    // R2 may be failing.
    await this.#losePieceOf(this.#image(index).digest, fraction).catch(ignore);
  }

  async #losePieceOf(digest: string, fraction: number): Promise<void> {
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(digest));
    if (commit === null) return;
    const lost = Math.floor(fraction * pieceCount(commit.layout));
    await env.BUCKET.delete(`chunks/${commit.fillId}/${lost}`);
  }

  async #moveTag(index: number): Promise<void> {
    const image = this.#image(index);
    image.moved = !image.moved;
    await upstream.tag(image.repositories.honest, "1.0", image.manifests[image.moved ? 1 : 0]);
  }

  /** Waits until a blob is at rest; an alarm that is due in half a minute rings now. */
  async #settle({ digest }: ChaosImage): Promise<void> {
    const stub = env.BLOBS.getByName(digest);
    const deadline = performance.now() + STUCK_MS;
    for (;;) {
      const outcome = await stub.status();
      if (outcome.ok && outcome.value.state !== "filling") return;
      if (performance.now() > deadline) {
        this.#violations.push(`${digest}: stuck at ${JSON.stringify(outcome)}`);
        return;
      }
      if (outcome.ok && outcome.value.bytesPerSecond === 0) await runDurableObjectAlarm(stub);
      await sleep(50);
    }
  }

  /** With a well upstream and a well R2 the image can be had. */
  async #heal(image: ChaosImage): Promise<void> {
    const reference = `lab/${image.repositories.honest}@${image.manifests[0]}`;
    for (let attempt = 1; attempt <= HEALING_ATTEMPTS; attempt++) {
      if (await this.#bounded("healing", this.#get(reference, {}))) return;
      await sleep(HEALING_PAUSE_MS);
    }
    const outcome = await env.BLOBS.getByName(image.digest).status();
    this.#violations.push(`${reference}: cannot be had although all is well: ${JSON.stringify(outcome)}`);
  }

  /** A commit record has all its pieces, and they have its digest. */
  async #checkStore({ digest }: ChaosImage): Promise<void> {
    const lost = this.#plan.steps.some(({ step }) => step.kind === "lose-piece");
    const commit = await new CommitStore(env.BUCKET).get(parseDigest(digest));
    if (commit === null) return;
    const pieces = new PieceStore(env.BUCKET);
    const whole = new Uint8Array(commit.sizeBytes);
    for (let index = 0; index < pieceCount(commit.layout); index++) {
      const { startBytes, endBytes } = pieceByIndex(commit.layout, index);
      const body = await pieces.get(commit.fillId, index, 0, endBytes - startBytes);
      if (body === null) {
        // What this round itself took away is noticed by whoever reads it next.
        if (!lost) this.#violations.push(`${digest}: committed without piece ${index}`);
        return;
      }
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      if (bytes.length !== endBytes - startBytes) {
        this.#violations.push(`${digest}: piece ${index} has ${bytes.length} bytes`);
        return;
      }
      whole.set(bytes, startBytes);
    }
    if ((await digestOf(whole)) !== digest) this.#violations.push(`${digest}: committed with other bytes`);
  }

  async #bounded<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stuck = new Promise<"stuck">((resolve) => (timer = setTimeout(resolve, STUCK_MS, "stuck")));
    const result = await Promise.race([work, stuck]);
    clearTimeout(timer);
    if (result !== "stuck") return result;
    this.#violations.push(`${what} does not come to an end`);
    return undefined;
  }

  #object(index: number) {
    return env.BLOBS.getByName(this.#image(index).digest);
  }

  #image(index: number): ChaosImage {
    const image = this.#images[index];
    if (image === undefined) throw new RangeError(`Cannot find image: the plan has no number ${index}`);
    return image;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function ignore(): void {
  // Chaos that could not be made is none.
}
