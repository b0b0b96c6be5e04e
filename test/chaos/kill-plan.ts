/** What one round of the kill suite does to the running service, drawn from a seed: plain data, to be read. */

import { Random } from "../support/random.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Actions begin, and processes are killed, within this time, in milliseconds: about as long as what they begin takes. */
const ROUND_MS = 1800;

/** What somebody does while the service is killed; images are numbered. */
export type KillAction =
  | { readonly kind: "download" | "range" | "warm" | "drop"; readonly image: number }
  /** A SIF file by one request. */
  | { readonly kind: "put"; readonly sizeBytes: number }
  /** A blob by an upload session, in parts. */
  | { readonly kind: "upload"; readonly sizeBytes: number; readonly parts: number };

/** One round. */
export interface KillPlan {
  readonly seed: number;
  /** Sizes of the images' blobs, in bytes. */
  readonly sizes: readonly number[];
  /** Of each upstream connection. */
  readonly bytesPerSecond: number;
  readonly actions: readonly { readonly atMs: number; readonly action: KillAction }[];
  /** When all processes are killed, each time since they were started. */
  readonly killsAtMs: readonly number[];
}

/** Draws a round. */
export function drawKillPlan(seed: number): KillPlan {
  const random = new Random(seed);
  const sizes = Array.from({ length: random.integer(1, 3) }, () => random.integer(1, 6 * MIB));
  const image = (): number => random.integer(0, sizes.length - 1);
  const actions = Array.from({ length: random.integer(4, 9) }, () => ({
    atMs: random.integer(0, ROUND_MS / 2),
    action: random.pick<() => KillAction>([
      () => ({ kind: "download", image: image() }),
      () => ({ kind: "download", image: image() }),
      () => ({ kind: "range", image: image() }),
      () => ({ kind: "warm", image: image() }),
      () => ({ kind: "drop", image: image() }),
      () => ({ kind: "put", sizeBytes: random.integer(100 * KIB, 3 * MIB) }),
      () => ({ kind: "upload", sizeBytes: random.integer(1, 3 * MIB), parts: random.integer(1, 3) }),
    ])(),
  }));
  actions.sort((a, b) => a.atMs - b.atMs);
  return {
    seed,
    sizes,
    bytesPerSecond: random.pick([MIB, 4 * MIB, 64 * MIB]),
    actions,
    killsAtMs: Array.from({ length: random.pick([1, 1, 2]) }, () => random.integer(0, ROUND_MS)),
  };
}
