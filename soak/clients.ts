import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../test/support/random.ts";

/** An image that clients ask for. */
export interface SoakImage {
  readonly reference: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What came of all clients' requests. */
export interface Counts {
  requests: number;
  complete: number;
  hits: number;
  /** Bodies that ended short of what was announced. */
  broken: number;
  refused: number;
  vanished: number;
  /** Complete bodies with wrong bytes. */
  wrong: number;
  bytes: number;
}

/** What a client needs. */
export interface SoakClientOptions {
  readonly url: string;
  readonly images: readonly SoakImage[];
  readonly random: Random;
  readonly counts: Counts;
  /** When it begins nothing more, by `performance.now()`. */
  readonly until: number;
}

const PAUSE_MS = 250;
const REQUEST_MS = 120_000;

/** One client: download after download, some broken off half way, some a resumption of what was broken off. */
export async function runClient({ url, images, random, counts, until }: SoakClientOptions): Promise<void> {
  while (performance.now() < until) {
    const image = images[random.integer(0, images.length - 1)];
    if (image === undefined) return;
    const vanishAfter = random.chance(0.1) ? random.integer(0, image.sizeBytes) : undefined;
    counts.requests++;
    await download(`${url}/v1/images/${image.reference}`, image, counts, vanishAfter).catch(() => {
      counts.broken++;
    });
    await sleep(random.integer(0, PAUSE_MS));
  }
}

async function download(url: string, image: SoakImage, counts: Counts, vanishAfter?: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { agent: false, timeout: REQUEST_MS }, resolve);
  outgoing
    .once("error", reject)
    .once("timeout", () => outgoing.destroy(new Error("silent")))
    .end();
  const response = await promise;
  if (response.statusCode !== 200) {
    response.resume();
    counts.refused++;
    return;
  }
  const hash = createHash("sha256");
  let received = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    hash.update(part);
    received += part.length;
    counts.bytes += part.length;
    if (vanishAfter !== undefined && received >= vanishAfter) {
      counts.vanished++;
      outgoing.destroy();
      return;
    }
  }
  if (received !== Number(response.headers["content-length"])) {
    counts.broken++;
    return;
  }
  counts.complete++;
  if (String(response.headers["cache-status"]).includes("; hit")) counts.hits++;
  if (`sha256:${hash.digest("hex")}` !== image.digest) counts.wrong++;
}
