/**
 * The lowest layer towards an upstream: one request sent, with a limit on silence, and sent again where that can help.
 * It knows nothing of credentials beyond the header that it is given, and follows no redirect.
 */

import { RegistryError } from "../errors.ts";
import { abortReason, sleep, throwIfAborted, untilAborted } from "./abort.ts";
import { discard } from "./read-body.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { SilenceTimer } from "./silence-timer.ts";

/** A request to send. */
export interface UpstreamRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers: Headers;
  /** Apart from the headers, so that whoever changes the address has to decide about it. */
  readonly authorization?: string | undefined;
  /** A stream is sent once, and with its length where it has one. */
  readonly body?: string | Uint8Array | ReadableStream | undefined;
}

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a {@link Transport} works with. */
export interface TransportOptions {
  /** @default the global fetch */
  readonly fetch?: Fetch | undefined;
  /** @default setTimeout */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
  /** A number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Silence after which a request is given up, up to its response headers, in milliseconds. @default 30000 */
  readonly idleMs?: number | undefined;
}

/** How a request is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** How often it is sent at most. @default 4 for GET and HEAD; anything else is sent once */
  readonly attempts?: number | undefined;
  /** Silence after which it is given up. Infinity: whoever sends the body watches. @default that of the transport */
  readonly silenceMs?: number | undefined;
}

const DEFAULT_IDLE_MS = 30_000;
const DEFAULT_ATTEMPTS = 4;
/** Silence costs the whole idle time each time. */
const MAX_TIMEOUTS = 2;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4_000;
/** A longer `Retry-After` is for our own client to wait for. */
const MAX_RETRY_AFTER_MS = 10_000;

/** Server errors that say something lasting. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([501, 505]);

/** Sends requests. */
export class Transport {
  readonly #fetch: Fetch;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #random: () => number;
  /** The clock. */
  readonly now: () => number;
  /** See {@link TransportOptions.idleMs}. */
  readonly idleMs: number;

  constructor(options: TransportOptions = {}) {
    // The global must be called as such: detached from its object it refuses to run.
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#sleep = options.sleep ?? sleep;
    this.#random = options.random ?? Math.random;
    this.now = options.now ?? Date.now;
    this.idleMs = options.idleMs ?? DEFAULT_IDLE_MS;
  }

  /**
   * Sends a request and returns the answer to it, whatever its status; a redirect is an answer. GET and HEAD are sent
   * again after failed connections, 408, 429 and server errors, with a growing and jittered pause or the one that the
   * server asks for. The body is not read.
   * @throws {RegistryError} `upstream-unavailable` where no answer came, `upstream-timeout` where none came in time.
   * @throws {unknown} the signal's reason.
   */
  async send(request: UpstreamRequest, options: SendOptions = {}): Promise<Response> {
    const { signal } = options;
    const reads = request.method === "GET" || request.method === "HEAD";
    const attempts = options.attempts ?? (reads ? DEFAULT_ATTEMPTS : 1);
    let timeouts = 0;
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal);
      let waitMs: number;
      try {
        const response = await this.#sendOnce(request, options);
        if (attempt >= attempts || !mayPass(response.status)) return response;
        const wishMs = 1000 * (retryAfterSeconds(response.headers.get("retry-after"), this.now()) ?? 0);
        if (wishMs > MAX_RETRY_AFTER_MS) return response;
        await discard(response);
        waitMs = Math.max(wishMs, this.#delayMs(attempt));
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        if (error.code === "upstream-timeout") timeouts++;
        if (attempt >= attempts || timeouts >= MAX_TIMEOUTS) throw error;
        waitMs = this.#delayMs(attempt);
      }
      await untilAborted(this.#sleep(waitMs), signal);
    }
  }

  /** Waits before something is tried again for the `attempt`th time; see {@link Transport.send}. */
  async pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(this.#sleep(this.#delayMs(attempt)), signal);
  }

  /** Half to the whole of a time that doubles, so that a herd that failed together does not come back together. */
  #delayMs(attempt: number): number {
    const wholeMs = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
    return Math.round(wholeMs * (0.5 + this.#random() / 2));
  }

  async #sendOnce(request: UpstreamRequest, options: SendOptions): Promise<Response> {
    const { method, url, body } = request;
    const { signal, silenceMs = this.idleMs } = options;
    const headers = new Headers(request.headers);
    if (request.authorization !== undefined) headers.set("authorization", request.authorization);
    const silence = new AbortController();
    const timer = new SilenceTimer(silenceMs, () => {
      silence.abort();
    });
    if (Number.isFinite(silenceMs)) timer.restart();
    const init: RequestInit = {
      method,
      headers,
      redirect: "manual",
      // Nothing of an upstream's belongs into the cache in front of fetch, least of all behind a presigned address.
      cache: "no-store",
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
      ...(body === undefined ? {} : { body }),
    };
    try {
      return await this.#fetch(url.href, init);
    } catch (cause) {
      if (signal?.aborted === true) throw abortReason(signal);
      throw silence.signal.aborted ? silent(url, silenceMs) : unreachable(url, cause);
    } finally {
      timer.stop();
    }
  }
}

function silent(url: URL, silenceMs: number): RegistryError {
  const message = `Cannot reach "${url.origin}": it did not answer within ${silenceMs} ms`;
  return new RegistryError("upstream-timeout", message);
}

/** Whether another try may get another status. */
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && !FINAL_STATUSES.has(status));
}

function unreachable(url: URL, cause: unknown): RegistryError {
  const message = `Cannot reach "${url.origin}": the connection failed`;
  return new RegistryError("upstream-unavailable", message, { cause });
}
