/** What one round of the fault suite does, drawn from a seed before anything happens: plain data, to be read. */

import type { FaultAction } from "../support/fault-rules.ts";
import { Random } from "../support/random.ts";

const KIB = 1024;
/** Where cutting into pieces changes, for the 64 KiB chunks of the Worker under test. */
const SIZES = [
  0,
  1,
  255,
  KIB,
  KIB + 1,
  40 * KIB,
  64 * KIB,
  64 * KIB + 1,
  200 * KIB,
  500 * KIB,
  900 * KIB,
] as const;
/** Steps fall into this time, in milliseconds; what they set going takes its own. */
const ROUND_MS = 1500;

/** The calls of R2 that can be made to fail. */
export const BUCKET_CALLS = ["get", "put", "head", "list", "delete"] as const;
/** One of {@link BUCKET_CALLS}. */
export type BucketCall = (typeof BUCKET_CALLS)[number];

/** Durable Objects that can be evicted or woken early. */
export const OBJECT_KINDS = ["blob", "repository", "caretaker"] as const;
/** One of {@link OBJECT_KINDS}. */
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** Something that happens; images are numbered, and `fraction` is a place in a blob from 0 to 1. */
export type Step =
  | {
      readonly kind: "download";
      readonly image: number;
      readonly from: Origin;
      readonly by: "tag" | "digest";
    }
  | {
      readonly kind: "range";
      readonly image: number;
      readonly from: Origin;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "vanish"; readonly image: number; readonly from: Origin; readonly fraction: number }
  | { readonly kind: "warm"; readonly image: number; readonly from: Origin }
  | { readonly kind: "drop"; readonly image: number }
  | { readonly kind: "evict"; readonly of: ObjectKind; readonly image: number }
  | { readonly kind: "abort-all" }
  | { readonly kind: "alarm"; readonly of: ObjectKind; readonly image: number }
  | { readonly kind: "caretaker-round" }
  | { readonly kind: "revoke-tokens" }
  /** A SIF file is put into a repository of the service's own; its sender vanishes there, at 1 never. */
  | { readonly kind: "push"; readonly sizeBytes: number; readonly fraction: number }
  | { readonly kind: "lose-piece"; readonly image: number; readonly fraction: number }
  | { readonly kind: "bucket"; readonly call: BucketCall; readonly times: number; readonly midway: boolean }
  | { readonly kind: "clock"; readonly byMs: number }
  | { readonly kind: "move-tag"; readonly image: number };

/**
 * The repository that a blob is asked for in: the right one, another upstream's that has the same bytes, or one whose
 * upstream has other bytes under the digest.
 */
export const ORIGINS = ["honest", "mirror", "liar"] as const;
/** One of {@link ORIGINS}. */
export type Origin = (typeof ORIGINS)[number];

/** A fault of the upstream, for one image's blob or its manifests. */
export interface PlannedFault {
  readonly image: number;
  readonly of: "blob" | "manifest";
  readonly origin: Origin | "all";
  readonly times: number;
  readonly skip: number;
  readonly action: FaultAction;
}

/** One round. */
export interface Plan {
  readonly seed: number;
  /** Sizes of the images' blobs, in bytes. */
  readonly sizes: readonly number[];
  /** How much the upstream is slowed down, so that things fall into the middle of fills. */
  readonly bytesPerSecond: number;
  /** Whether the upstream wants a token of its own, and whether it sends blobs' readers on to addresses that end. */
  readonly upstream: { readonly tokens: boolean; readonly redirectUses?: number };
  readonly faults: readonly PlannedFault[];
  readonly steps: readonly { readonly atMs: number; readonly step: Step }[];
}

/** Draws a round. */
export function drawPlan(seed: number): Plan {
  const random = new Random(seed);
  const sizes = Array.from({ length: random.integer(1, 3) }, () => random.pick(SIZES));
  const image = (): number => random.integer(0, sizes.length - 1);
  const lies = random.chance(0.4);
  const faults = Array.from({ length: random.integer(0, 4) }, () => {
    const of = image();
    return drawFault(random, of, sizes[of] ?? 0);
  });
  const steps = Array.from({ length: random.integer(6, 18) }, () => ({
    atMs: random.integer(0, ROUND_MS),
    step: drawStep(random, image(), lies),
  }));
  steps.sort((a, b) => a.atMs - b.atMs);
  const bytesPerSecond = random.pick([300 * KIB, 1000 * KIB, 100_000 * KIB]);
  const tokens = random.chance(0.3);
  const redirects = random.pick([{}, {}, { redirectUses: 1 }, { redirectUses: 100 }]);
  return { seed, sizes, bytesPerSecond, upstream: { tokens, ...redirects }, faults, steps };
}

function drawFault(random: Random, image: number, sizeBytes: number): PlannedFault {
  const of = random.chance(0.75) ? "blob" : "manifest";
  return {
    image,
    of,
    origin: random.pick([...ORIGINS, "all"]),
    times: random.integer(1, 4),
    skip: random.integer(0, 3),
    action: of === "blob" ? drawBlobAction(random, sizeBytes) : drawManifestAction(random),
  };
}

function drawBlobAction(random: Random, sizeBytes: number): FaultAction {
  const afterBytes = random.integer(0, 64 * KIB);
  const atByte = random.integer(0, Math.max(0, sizeBytes - 1));
  return random.pick<() => FaultAction>([
    () => ({ kind: "drop" }),
    () => ({ kind: "drop", afterBytes }),
    () => ({ kind: "drop", atByte }),
    () => ({ kind: "stall", atByte, ms: 1500 }),
    () => ({ kind: "flip", atByte }),
    () => ({ kind: "hang", ms: 1500 }),
    () => ({ kind: "delay", ms: random.integer(10, 400) }),
    () => drawRefusal(random),
    () => ({ kind: "headers", set: { "Content-Range": "bytes 1-5/77" } }),
    () => ({ kind: "headers", set: { "Content-Range": null } }),
    () => ({ kind: "body", body: "<html>not what was asked for</html>" }),
    () => ({ kind: "headers", set: { Date: drawDate(random) } }),
    () => ({ kind: "ignore-range" }),
    () => ({ kind: "gzip" }),
    () => ({ kind: "chunked" }),
    () => ({ kind: "content-length", add: random.pick([-3, 3, 1000]) }),
    () => ({ kind: "resize", sizeBytes: sizeBytes + random.pick([-1, 1, 5000]) }),
  ])();
}

function drawManifestAction(random: Random): FaultAction {
  return random.pick<() => FaultAction>([
    () => ({ kind: "drop" }),
    () => ({ kind: "hang", ms: 800 }),
    () => drawRefusal(random),
    () => ({ kind: "body", body: '{"schemaVersion":2}' }),
    () => ({ kind: "headers", set: { "docker-content-digest": null } }),
    () => ({ kind: "headers", set: { "docker-content-digest": `sha256:${"0".repeat(64)}` } }),
    () => ({ kind: "headers", set: { Date: drawDate(random), "Last-Modified": drawDate(random) } }),
    () => ({ kind: "gzip" }),
    () => ({ kind: "content-length", add: 10 }),
  ])();
}

/** What the upstream takes for now. */
function drawDate(random: Random): string {
  return random.pick(["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2099 23:59:59 GMT", "yesterday"]);
}

function drawRefusal(random: Random): FaultAction {
  const status = random.pick([401, 403, 404, 408, 416, 429, 500, 502, 503]);
  const patience = random.pick([undefined, "0", "1", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"]);
  return { kind: "status", status, headers: patience === undefined ? {} : { "Retry-After": patience } };
}

function drawStep(random: Random, image: number, lies: boolean): Step {
  const from: Origin = lies && random.chance(0.4) ? "liar" : random.pick(["honest", "honest", "mirror"]);
  const download = (): Step => ({ kind: "download", image, from, by: random.pick(["tag", "digest"]) });
  return random.pick<() => Step>([
    download,
    download,
    download,
    download,
    () => ({ kind: "range", image, from, start: random.next(), end: random.next() }),
    () => ({ kind: "range", image, from, start: random.next(), end: 1 }),
    () => ({ kind: "vanish", image, from, fraction: random.next() }),
    () => ({ kind: "vanish", image, from, fraction: 0 }),
    () => ({ kind: "warm", image, from }),
    () => ({ kind: "drop", image }),
    () => ({ kind: "evict", of: random.pick([...OBJECT_KINDS, "blob"]), image }),
    () => ({ kind: "abort-all" }),
    () => ({ kind: "alarm", of: random.pick(["blob", "blob", "repository"]), image }),
    () => ({ kind: "caretaker-round" }),
    () => ({ kind: "revoke-tokens" }),
    () => ({
      kind: "push",
      sizeBytes: random.pick([60 * KIB, 200 * KIB]),
      fraction: random.pick([1, 1, random.next()]),
    }),
    () => ({ kind: "lose-piece", image, fraction: random.next() }),
    () => ({
      kind: "bucket",
      call: random.pick(BUCKET_CALLS),
      times: random.integer(1, 6),
      midway: random.chance(0.3),
    }),
    () => ({ kind: "clock", byMs: random.pick([-86_400_000, -5_000, 61_000, 3_600_000, 40 * 86_400_000]) }),
    () => ({ kind: "move-tag", image }),
  ])();
}
