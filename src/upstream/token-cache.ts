/**
 * Access tokens, kept while they last.
 *
 * One caller fetches a token and the others who want the same wait for it. On Workers they may belong to other requests,
 * and the request that fetches can be cut off in the middle, its promise never to settle: so nobody waits longer than
 * the patience, and whoever loses it fetches for themselves.
 */

import { sleep, untilAborted } from "./abort.ts";

/** A token, as its service gave it. */
export interface Token {
  readonly value: string;
  readonly expiresInSeconds: number;
  /** The scope that it was given for. */
  readonly scope: string;
}

/** Fetches a token; told the scope with which the last one of this key was fetched. */
export type FetchToken = (lastScope: string | undefined) => Promise<Token>;

/** What a {@link TokenCache} works with. */
export interface TokenCacheOptions {
  /** Tokens kept; the least recently used goes first. @default 500 */
  readonly limit?: number;
  /** How long a caller waits for another's fetch, in milliseconds. @default 10000 */
  readonly patienceMs?: number;
}

interface Entry {
  readonly token: Token;
  readonly freshUntilMs: number;
}

interface Flight {
  readonly startedMs: number;
  readonly token: Promise<Token>;
}

/** Renewed so long before the end, or in the last fifth of a short life: a token must outlast the request it opens. */
const EARLY_MS = 30_000;
const EARLY_PART = 0.2;
/** No token is believed for longer, whatever its service says, so that what was taken back stops working. */
const MAX_LIFE_MS = 3_600_000;

/** Tokens of one identity, by a key of upstream and scope. */
export class TokenCache {
  readonly #limit: number;
  readonly #patienceMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();

  constructor({ limit = 500, patienceMs = 10_000 }: TokenCacheOptions = {}) {
    this.#limit = limit;
    this.#patienceMs = patienceMs;
  }

  /**
   * The token of a key, fetched where there is none that lasts.
   * @param refused a token that the upstream did not take, which is not given again.
   * @throws {unknown} whatever `fetch` throws, to everyone who waits for it; or the signal's reason.
   */
  async get(
    key: string,
    fetch: FetchToken,
    options: {
      readonly now: () => number;
      readonly refused?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<string> {
    const { now, refused, signal } = options;
    const known = this.#entries.get(key);
    if (known !== undefined && known.freshUntilMs > now() && known.token.value !== refused) {
      this.#keep(key, known);
      return known.token.value;
    }
    const flight = this.#flights.get(key);
    const patienceMs = flight === undefined ? 0 : flight.startedMs + this.#patienceMs - now();
    if (flight !== undefined && patienceMs > 0) {
      const token = await untilAborted(Promise.race([flight.token, sleep(patienceMs)]), signal);
      if (token !== undefined && token.value !== refused) return token.value;
    }
    return (await untilAborted(this.#fetch(key, fetch, known?.token.scope, now), signal)).value;
  }

  /** Not bound to its caller's signal, since others may wait for it. */
  async #fetch(
    key: string,
    fetch: FetchToken,
    lastScope: string | undefined,
    now: () => number,
  ): Promise<Token> {
    const startedMs = now();
    const flight: Flight = { startedMs, token: fetch(lastScope) };
    this.#flights.set(key, flight);
    // One that never settles would stay for ever.
    dropOldest(this.#flights, this.#limit);
    try {
      const token = await flight.token;
      const lifeMs = Math.min(token.expiresInSeconds * 1000, MAX_LIFE_MS);
      // Counted from before the request: the token was made some time after that.
      const freshUntilMs = startedMs + lifeMs - Math.min(EARLY_MS, lifeMs * EARLY_PART);
      this.#keep(key, { token, freshUntilMs });
      return token;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    dropOldest(this.#entries, this.#limit);
  }
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  const oldest = map.keys().next();
  if (map.size > limit && oldest.done !== true) map.delete(oldest.value);
}
