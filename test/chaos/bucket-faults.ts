/** Makes R2 fail, for the Worker and its Durable Objects alike, which share an isolate and so a prototype in tests. */

import { env } from "cloudflare:workers";
import type { BucketCall } from "./plan.ts";

type AnyCall = (this: R2Bucket, ...args: unknown[]) => Promise<unknown>;

const prototype = Object.getPrototypeOf(env.BUCKET) as Record<BucketCall, AnyCall>;

/** An order for {@link BucketFaults.order}. */
export interface BucketFault {
  readonly call: BucketCall;
  /** How many calls fail. */
  readonly times: number;
  /** Whether a `get` fails while its body is read, a `put` after it was carried out. */
  readonly midway: boolean;
  /** Calls for other keys go well. @default "" */
  readonly prefix?: string;
}

/** Faults of R2 while they are installed; owned by whoever calls {@link BucketFaults.remove}. */
export class BucketFaults {
  readonly #real = { ...prototype };
  readonly #orders = new Map<BucketCall, { left: number; midway: boolean; prefix: string }>();
  /** How many calls have failed. */
  hits = 0;

  constructor() {
    const take = (call: BucketCall, key: unknown): boolean | undefined => this.#take(call, key);
    for (const call of ["get", "put", "head", "list", "delete"] as const) {
      const real = prototype[call];
      this.#real[call] = real;
      prototype[call] = async function faulty(...args) {
        const midway = take(call, args[0]);
        if (midway === undefined) return real.apply(this, args);
        const failure = new Error(`${call}: We encountered an internal error. Please try again. (10001)`);
        if (!midway) {
          await discard(args[1]);
          throw failure;
        }
        const result = await real.apply(this, args);
        if (call === "get" && result !== null) return breakingOff(result as R2ObjectBody, failure);
        throw failure;
      };
    }
  }

  /** Makes the next calls fail. */
  order({ call, times, midway, prefix = "" }: BucketFault): void {
    this.#orders.set(call, { left: times, midway, prefix });
  }

  /** R2 is well again; what was ordered is forgotten. */
  heal(): void {
    this.#orders.clear();
  }

  /** Leaves R2 as it was. */
  remove(): void {
    Object.assign(prototype, this.#real);
  }

  #take(call: BucketCall, key: unknown): boolean | undefined {
    const order = this.#orders.get(call);
    if (order === undefined || order.left <= 0) return undefined;
    if (order.prefix !== "" && !(typeof key === "string" && key.startsWith(order.prefix))) return undefined;
    order.left--;
    this.hits++;
    return order.midway;
  }
}

/** A refused `put` has read a part of its body, or none; either way it reads no more. */
async function discard(body: unknown): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel("refused").catch(() => {});
}

/** The object, its body ending in a failure after its first bytes. */
function breakingOff(object: R2ObjectBody, failure: Error): R2ObjectBody {
  const { readable, writable } = new FixedLengthStream(lengthOf(object));
  const copy = async (): Promise<void> => {
    const writer = writable.getWriter();
    const reader = object.body.getReader();
    const { value } = await reader.read();
    if (value !== undefined && value.length > 1) await writer.write(value.subarray(0, value.length >> 1));
    await writer.abort(failure);
    await reader.cancel();
  };
  copy().catch(() => {});
  return new Proxy(object, {
    get: (target, name) => {
      if (name === "body") return readable;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? () => Promise.reject(failure) : value;
    },
  });
}

/** The runtime's object tells all members of a range, those that do not apply as `undefined`. */
function lengthOf({ range, size }: R2ObjectBody): number {
  const { offset, length, suffix } = (range ?? {}) as { offset?: number; length?: number; suffix?: number };
  return suffix ?? length ?? size - (offset ?? 0);
}
