/**
 * The real service, killed with SIGKILL at random moments and started again on what it has stored; looked at from
 * outside, and in the end on the disk.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { bucketFiles } from "../support/bucket-files.ts";
import type { AddedImage } from "../support/fault-content.ts";
import { type FaultUpstream, startFaultUpstream } from "../support/fault-upstream.ts";
import { type Service, startService } from "../support/service.ts";
import { sha256Bytes } from "../support/sha256.ts";
import { makeSif } from "../support/sif-fixture.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";
import { checkDisk } from "./disk-check.ts";
import { KILL_TOKEN, KillClients, type Upload, newUpload } from "./kill-clients.ts";
import type { KillAction, KillPlan } from "./kill-plan.ts";

const PIECE_BYTES = 1024 * 1024;
/** Of one fill. */
const CONNECTIONS = 3;
const COMMIT_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/** What a run came to. */
export interface KillResult {
  readonly rounds: number;
  readonly kills: number;
  /** Complete bodies that clients got, and those that the kills broke off. */
  readonly complete: number;
  readonly broken: number;
  /** Bytes that were fetched again because a kill had lost them, and the bytes of all blobs. */
  readonly again: number;
  readonly blobBytes: number;
  /** Pieces of interrupted uploads, whose sessions may go on with them for a day. */
  readonly uploadPieces: number;
}

/** A service to kill, with an upstream of its own. */
export class KillRun {
  readonly #upstream: FaultUpstream;
  readonly #service: Service;
  readonly #persistTo: string;
  readonly #clients: KillClients;
  readonly #sums = { rounds: 0, kills: 0, again: 0, blobBytes: 0, uploadPieces: 0 };
  #names = 0;

  private constructor(upstream: FaultUpstream, service: Service, persistTo: string) {
    this.#upstream = upstream;
    this.#service = service;
    this.#persistTo = persistTo;
    this.#clients = new KillClients(service.url);
  }

  /** Starts both. */
  static async start(): Promise<KillRun> {
    const upstream = await startFaultUpstream();
    const persistTo = await makeTempDir();
    const sha256 = sha256Bytes(KILL_TOKEN).slice("sha256:".length);
    const scopes = ["pull", "push", "admin"];
    const service = await startService({
      persistTo,
      vars: {
        UPSTREAMS: { lab: { url: upstream.url } },
        CHUNK_BYTES: String(PIECE_BYTES),
        FILL_CONNECTIONS: String(CONNECTIONS),
        ACCESS_TOKENS: { all: { sha256, scopes, repositories: ["*"] } },
      },
    });
    return new KillRun(upstream, service, persistTo);
  }

  /** Everything that must never be; empty after good rounds. */
  get violations(): readonly string[] {
    return this.#clients.violations;
  }

  /** What was done so far. */
  get result(): KillResult {
    const { complete, broken } = this.#clients;
    return { ...this.#sums, complete, broken };
  }

  /** One round: actions, kills, then the checks from outside. */
  async round(plan: KillPlan): Promise<void> {
    const images = plan.sizes.map((sizeBytes, index) =>
      this.#upstream.addImage(`kill/i${this.#names++}`, "1.0", { sizeBytes, seed: plan.seed * 8 + index }),
    );
    const throttle = this.#upstream.fault({
      match: { kind: "blob" },
      action: { kind: "throttle", bytesPerSecond: plan.bytesPerSecond },
    });
    const uploads: Upload[] = [];
    const put: { path: string; digest: string }[] = [];
    const back = Promise.withResolvers<void>();
    const work = Promise.all(
      plan.actions.map(async ({ atMs, action }, index) => {
        await sleep(atMs);
        await this.#act(action, { seed: plan.seed * 32 + index, images, uploads, put, back: back.promise });
      }),
    );
    for (const [index, killAtMs] of plan.killsAtMs.entries()) {
      await sleep(killAtMs);
      await this.#service.kill();
      this.#sums.kills++;
      await this.#service.restart();
      // What is killed next is the recovery.
      if (index + 1 < plan.killsAtMs.length) await Promise.all(images.map((image) => this.#warm(image)));
    }
    this.#upstream.clearFaults(throttle);
    back.resolve();
    await work;
    const dropped = new Set(
      plan.actions.flatMap(({ action }) => (action.kind === "drop" ? [action.image] : [])),
    );
    for (const [index, image] of images.entries()) {
      await this.#mustCommit(image);
      await this.#clients.mustHave(pathOf(image), image.digest);
      // What was dropped has to be fetched again.
      if (!dropped.has(index)) this.#checkUpstreamBytes(image, plan.killsAtMs.length);
    }
    for (const { path, digest } of put) await this.#clients.mustHave(path, digest);
    for (const upload of uploads) await this.#clients.resume(upload);
    this.#sums.rounds++;
  }

  /** Sweeps, ends the service in good order and looks at what it leaves on the disk. */
  async finish(): Promise<void> {
    for (let days = 2; days <= 6; days += 2) {
      const time = Date.now() + days * DAY_MS;
      const swept = await this.#clients.ask(`/cdn-cgi/local/scheduled?time=${time}`);
      if (swept?.status !== 200) this.#found(`the sweep was not carried out: ${swept?.status}`);
    }
    const status = await this.#clients.ask("/v1/status");
    const report = (await status?.json()) as { filling?: unknown[]; sweep?: { endedAt: string | null } };
    if (report.sweep?.endedAt == null) this.#found(`the sweep did not end: ${JSON.stringify(report)}`);
    await this.#service.stop();
    const { violations, uploadPieces } = checkDisk(bucketFiles(this.#persistTo));
    for (const violation of violations) this.#found(violation);
    this.#sums.uploadPieces = uploadPieces;
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.#service.kill();
    await this.#service.stop();
    await this.#upstream.close();
    await removeTempDir(this.#persistTo);
  }

  async #act(
    action: KillAction,
    {
      seed,
      images,
      uploads,
      put,
      back,
    }: {
      readonly seed: number;
      readonly images: readonly AddedImage[];
      readonly uploads: Upload[];
      readonly put: { path: string; digest: string }[];
      readonly back: Promise<void>;
    },
  ): Promise<void> {
    if (action.kind === "put") {
      const sif = makeSif({ seed, sizeBytes: action.sizeBytes });
      const path = `/v1/images/local/kill/p${this.#names++}:1.0`;
      const answer = await this.#clients.send(path, "PUT", Buffer.from(sif.bytes));
      if (answer?.status === 201) put.push({ path, digest: sif.digest });
      return;
    }
    if (action.kind === "upload") {
      const upload = newUpload(`local/kill/u${this.#names++}`, seed, action.sizeBytes);
      uploads.push(upload);
      return this.#clients.upload(upload, action.parts);
    }
    const image = images[action.image];
    if (image === undefined) return;
    if (action.kind === "warm") return this.#warm(image);
    if (action.kind === "drop") {
      await this.#clients.ask(`/v1/cache/${referenceOf(image)}`, { method: "DELETE" });
    } else if (action.kind === "download") {
      await this.#clients.downloadOver(pathOf(image), image.digest, back);
    } else {
      const half = Math.floor(image.sizeBytes / 2);
      await this.#clients.download(pathOf(image), { Range: `bytes=${half}-` });
    }
  }

  async #warm(image: AddedImage): Promise<void> {
    await this.#clients.ask(`/v1/cache/${referenceOf(image)}`, { method: "PUT" });
  }

  async #mustCommit(image: AddedImage): Promise<void> {
    const deadline = Date.now() + COMMIT_MS;
    for (;;) {
      await this.#warm(image);
      const answer = await this.#clients.ask(`/v1/cache/${referenceOf(image)}`);
      const state = await answer?.text();
      if (state !== undefined && (JSON.parse(state) as { state: string }).state === "committed") return;
      if (Date.now() > deadline) return this.#found(`${image.digest}: stuck at ${state}`);
      await sleep(100);
    }
  }

  /** A kill costs each connection the piece that it had under way. */
  #checkUpstreamBytes({ digest, sizeBytes }: AddedImage, kills: number): void {
    const fetched = this.#upstream.counters.blobBytes[digest] ?? 0;
    this.#sums.again += Math.max(0, fetched - sizeBytes);
    this.#sums.blobBytes += sizeBytes;
    const most = sizeBytes + kills * CONNECTIONS * PIECE_BYTES;
    if (fetched <= most) return;
    this.#found(`${digest}: ${fetched} bytes came from the upstream for ${sizeBytes}, after ${kills} kills`);
  }

  #found(violation: string): void {
    this.#clients.violations.push(violation);
  }
}

function referenceOf({ repository }: AddedImage): string {
  return `lab/${repository}:1.0`;
}

function pathOf(image: AddedImage): string {
  return `/v1/images/${referenceOf(image)}`;
}
