/**
 * Many clients, many images and an upstream that fails now and then, for as long as wanted, against what `npm start`
 * runs; everything on loopback. Ends in a table of verdicts: wrong bytes, the ratio of hits against a computed one, fills
 * that stay stuck, and memory and descriptors of every process.
 *
 *     npm run soak -- --minutes 30 --clients 64 --images 50 --fail 5
 *     npm run soak -- --no-control                without the Worker that memory is compared with
 */

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AddedImage } from "../test/support/fault-content.ts";
import type { FaultAction } from "../test/support/fault-rules.ts";
import { type FaultUpstream, startFaultUpstream } from "../test/support/fault-upstream.ts";
import { Random } from "../test/support/random.ts";
import { startService } from "../test/support/service.ts";
import { sha256Bytes } from "../test/support/sha256.ts";
import { type Counts, type SoakImage, runClient } from "./clients.ts";
import { startControl } from "./control.ts";
import { Expectation } from "./expectation.ts";
import { type Series, judge, passed, report } from "./report.ts";
import { type Watched, processesOf, usageOf } from "./usage.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK_BYTES = MIB;
const TOKEN = "soak-admin-token";
/** Samples of a soak: enough for a median of each quarter. */
const SAMPLES = 60;
/** How long connections and objects are kept that nobody uses, with some to spare, in milliseconds. */
const REST_MS = 20_000;

/** How a client's request may fail at the upstream; each takes its turn. */
const FAILURES: readonly FaultAction[] = [
  { kind: "drop" },
  { kind: "drop", afterBytes: 100 * KIB },
  { kind: "stall", afterBytes: 100 * KIB, ms: 5000 },
  { kind: "status", status: 500 },
  { kind: "status", status: 503, headers: { "Retry-After": "1" } },
  { kind: "flip", afterBytes: 50 * KIB },
];

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    clients: { type: "string", default: "64" },
    images: { type: "string", default: "50" },
    fail: { type: "string", default: "5" },
    drop: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    "no-control": { type: "boolean", default: false },
  },
});
const options = {
  minutes: numberOf("minutes", 0.1, 24 * 60),
  clients: numberOf("clients", 1, 1000),
  images: numberOf("images", 1, 1000),
  failPercent: numberOf("fail", 0, 50),
  dropsPerMinute: numberOf("drop", 0, 6000),
  seed: numberOf("seed", 0, 2 ** 31),
};

const upstream = await startFaultUpstream();
const images = addImages(upstream);
const failures = failNowAndThen(upstream);
const service = await startService({
  vars: {
    UPSTREAMS: { lab: { url: upstream.url } },
    CHUNK_BYTES: String(CHUNK_BYTES),
    UPSTREAM_IDLE_MS: "2000",
    ACCESS_TOKENS: {
      admin: { sha256: sha256Bytes(TOKEN).slice("sha256:".length), scopes: ["admin"], repositories: ["*"] },
    },
  },
});
const control = values["no-control"] ? undefined : await startControl(images, CHUNK_BYTES);
const counts: Counts = {
  requests: 0,
  complete: 0,
  broken: 0,
  refused: 0,
  stale: 0,
  vanished: 0,
  wrong: 0,
  bytes: 0,
  control: 0,
};
const expectation = new Expectation();
const startedMs = performance.now();
const endMs = startedMs + options.minutes * 60_000;
try {
  const watched = beginWatch();
  const clients = Array.from({ length: options.clients }, (_, index) =>
    runClient({
      url: service.url,
      images,
      random: new Random(options.seed * 1000 + index),
      counts,
      expectation,
      control,
      until: endMs,
    }),
  );
  await Promise.all([sample(watched), evictNowAndThen(), ...clients]);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const failed = failures.reduce((sum, id) => sum + upstream.faultHits(id), 0);
  const { requests } = upstream.counters;
  upstream.clearFaults();
  const stuck = await findStuck();
  const processes = await endWatch(watched);
  const bytes = Object.values(upstream.counters.blobBytes).reduce((sum, count) => sum + count, 0);
  const result = {
    options,
    seconds,
    counts,
    hits: expectation.counts,
    upstream: { requests, failed, bytes },
    processes,
    stuck,
  };
  console.log(report(result));
  process.exitCode = passed(judge(result)) ? 0 : 1;
} finally {
  await control?.stop();
  await service.stop();
  await upstream.close();
}

function addImages(to: FaultUpstream): readonly SoakImage[] {
  const random = new Random(options.seed);
  return Array.from({ length: options.images }, (_, index) => {
    const sizeBytes = random.integer(10 * KIB, 6 * MIB);
    const image: AddedImage = to.addImage(`soak/i${index}`, "1.0", {
      sizeBytes,
      seed: options.seed * 1000 + index,
    });
    return { name: `i${index}`, digest: image.digest, sizeBytes, reference: `lab/soak/i${index}:1.0` };
  });
}

/** Orders the failures; returns their ids. */
function failNowAndThen(to: FaultUpstream): number[] {
  if (options.failPercent === 0) return [];
  const every = Math.round((FAILURES.length * 100) / options.failPercent);
  return FAILURES.map((action, index) =>
    to.fault({ skip: Math.round(((index + 1) * every) / FAILURES.length), every, action }),
  );
}

/** Drops images from the cache: without that, nothing would be filled after the first minute. */
async function evictNowAndThen(): Promise<void> {
  const random = new Random(options.seed + 1);
  while (options.dropsPerMinute > 0 && performance.now() < endMs) {
    await sleep(60_000 / options.dropsPerMinute);
    const image = images[random.integer(0, images.length - 1)];
    if (image === undefined) return;
    const ended = expectation.drops(image.name);
    const response = await fetch(`${service.url}/v1/cache/${image.reference}`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    await response.body?.cancel();
    ended(response.status === 204);
  }
}

/** A process, and what was seen of it so far. */
interface Watch extends Watched {
  readonly of: Series["of"];
  readonly descriptorsBefore: number;
  readonly memoryBytes: number[];
  ended: boolean;
}

/** The service's processes at rest, and the control's. */
function beginWatch(): Watch[] {
  const watch = ({ pid, name }: Watched, of: Series["of"]): Watch => {
    const descriptorsBefore = usageOf(pid)?.descriptors ?? 0;
    return { pid, name: `${name} ${pid}`, of, descriptorsBefore, memoryBytes: [], ended: false };
  };
  const watched = processesOf(service.groupId()).map((found) => watch(found, "service"));
  if (control !== undefined) watched.push(watch({ pid: control.pid, name: "workerd" }, "control"));
  return watched;
}

/** What each process holds, at regular times under load. */
async function sample(watched: readonly Watch[]): Promise<void> {
  const everyMs = Math.max(250, (endMs - startedMs) / SAMPLES);
  while (performance.now() + everyMs / 2 < endMs) {
    await sleep(everyMs);
    for (const watch of watched) {
      const usage = usageOf(watch.pid);
      if (usage === undefined) watch.ended = true;
      else watch.memoryBytes.push(usage.memoryBytes);
    }
  }
}

/** What is left when all are gone and connections and objects that nobody uses have been given back. */
async function endWatch(watched: readonly Watch[]): Promise<Series[]> {
  await sleep(REST_MS);
  return watched.map(({ name, of, pid, descriptorsBefore: before, memoryBytes, ended }) => ({
    name,
    of,
    memoryBytes,
    restingDescriptors: { before, after: usageOf(pid)?.descriptors ?? 0 },
    ended,
  }));
}

/** Images whose fill has not come to an end a minute after the last client left. */
async function findStuck(): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const states = await Promise.all(
      images.map(async ({ reference }) => {
        const response = await fetch(`${service.url}/v1/cache/${reference}`);
        return { reference, state: ((await response.json()) as { state?: string }).state };
      }),
    );
    const filling = states.filter(({ state }) => !["committed", "failed", "absent"].includes(state ?? ""));
    if (filling.length === 0 || performance.now() > deadline)
      return filling.map(({ reference }) => reference);
    await sleep(1000);
  }
}

function numberOf(name: Exclude<keyof typeof values, "no-control">, least: number, most: number): number {
  const text = values[name];
  const number = Number(text);
  if (number >= least && number <= most) return number;
  console.error(`Cannot use --${name} "${text}": give a number from ${least} to ${most}`);
  process.exit(2);
}
