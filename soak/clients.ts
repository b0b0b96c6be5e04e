import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../test/support/random.ts";
import type { Control } from "./control.ts";
import type { Expectation, Outcome } from "./expectation.ts";

/** An image that clients ask for. */
export interface SoakImage {
  readonly name: string;
  readonly reference: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What came of all clients' requests. */
export interface Counts {
  requests: number;
  complete: number;
  /** Bodies that ended short of what was announced. */
  broken: number;
  refused: number;
  /** Answers by a tag that the upstream could not confirm in time. */
  stale: number;
  vanished: number;
  /** Complete bodies with wrong bytes. */
  wrong: number;
  bytes: number;
  /** Downloads that were made of the control in the same way. */
  control: number;
}

/** What a client needs. */
export interface SoakClientOptions {
  readonly url: string;
  readonly images: readonly SoakImage[];
  readonly random: Random;
  readonly counts: Counts;
  readonly expectation: Expectation;
  readonly control: Control | undefined;
  /** When it begins nothing more, by `performance.now()`. */
  readonly until: number;
}

const PAUSE_MS = 250;
const REQUEST_MS = 120_000;

/** What came of one request. */
interface Answer {
  readonly status: number;
  readonly announcedBytes: number;
  readonly receivedBytes: number;
  readonly digest: string;
  /** Whether this client left before the end. */
  readonly left: boolean;
}

/** One client: download after download, some broken off half way; each is made of the control too. */
export async function runClient(options: SoakClientOptions): Promise<void> {
  const { images, random, counts, control, until } = options;
  while (performance.now() < until) {
    const image = images[random.integer(0, images.length - 1)];
    if (image === undefined) return;
    const leaveAt = random.chance(0.1) ? random.integer(0, image.sizeBytes) : Infinity;
    await ask(image, leaveAt, options);
    if (control !== undefined) {
      await get(control.imageUrl(image.name, image.sizeBytes), leaveAt)
        .then(() => counts.control++)
        .catch(() => {});
    }
    await sleep(random.integer(0, PAUSE_MS));
  }
}

async function ask(
  image: SoakImage,
  leaveAt: number,
  { url, counts, expectation }: SoakClientOptions,
): Promise<void> {
  counts.requests++;
  const asked = expectation.asks(image.name);
  let complete = false;
  try {
    const answer = await get(`${url}/v1/images/${image.reference}`, leaveAt, (status, cacheStatus) => {
      const outcome = outcomeOf(status, cacheStatus);
      if (outcome === "stale") counts.stale++;
      expectation.answered(asked, outcome);
    });
    counts.bytes += answer.receivedBytes;
    complete = !answer.left && answer.status === 200 && answer.receivedBytes === answer.announcedBytes;
    if (answer.status !== 200) counts.refused++;
    else if (answer.left) counts.vanished++;
    else if (complete) counts.complete++;
    else counts.broken++;
    if (complete && answer.digest !== image.digest) counts.wrong++;
  } catch {
    counts.broken++;
  } finally {
    expectation.ended(asked, complete);
  }
}

function outcomeOf(status: number, cacheStatus: string): Outcome {
  if (status !== 200) return "refused";
  if (cacheStatus.includes("; fwd=stale")) return "stale";
  return cacheStatus.includes("; hit") ? "hit" : "miss";
}

async function get(
  url: string,
  leaveAt: number,
  onHeaders?: (status: number, cacheStatus: string) => void,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { agent: false, timeout: REQUEST_MS }, resolve);
  outgoing
    .once("error", reject)
    .once("timeout", () => outgoing.destroy(new Error("silent")))
    .end();
  const response = await promise;
  const status = response.statusCode ?? 0;
  onHeaders?.(status, String(response.headers["cache-status"]));
  const hash = createHash("sha256");
  let receivedBytes = 0;
  let left = false;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    hash.update(part);
    receivedBytes += part.length;
    if (receivedBytes < leaveAt) continue;
    left = true;
    break;
  }
  if (left) outgoing.destroy();
  const announcedBytes = Number(response.headers["content-length"]);
  return { status, announcedBytes, receivedBytes, left, digest: `sha256:${hash.digest("hex")}` };
}
