/**
 * One upstream as one identity sees it: requests go out signed, redirects are followed, a challenge is answered once.
 * The operations of the registry API are built on it; none of them handles credentials.
 */

import type { Upstream } from "../config.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { Authorizer } from "./authorizer.ts";
import { secretsOf, type UpstreamCredentials } from "./credentials.ts";
import { answerError, type FailureContext } from "./failure.ts";
import { BodyFailure, bodyError, discard, readBody } from "./read-body.ts";
import {
  followRedirects,
  type Landed,
  type RedirectPolicy,
  redirectPolicy,
  redirectTarget,
} from "./redirects.ts";
import { fetchToken, type TokenQuery } from "./token.ts";
import type { Token } from "./token-cache.ts";
import { type SendOptions, Transport, type TransportOptions, type UpstreamRequest } from "./transport.ts";

/** Options of {@link Session}. */
export interface SessionOptions extends TransportOptions {
  /** @default the upstream's own */
  readonly credentials?: UpstreamCredentials | undefined;
}

/** A request to the registry API. */
export interface RegistryRequest {
  readonly method: "GET" | "HEAD";
  /** Behind `/v2/`, query included. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What it needs, in the grammar of Docker's tokens. */
  readonly scope: string;
  /** For messages: what follows "Cannot", up to the upstream's name, as in `get manifest "org/tool:1.0"`. */
  readonly action: string;
  /** What a 404 means. */
  readonly missing: ErrorCode;
  /** Statuses besides 200 whose answer is wanted. */
  readonly welcome?: ReadonlySet<number>;
  /** See {@link FailureContext.wordless}. */
  readonly wordless?: boolean;
  /** What it means that the answer is larger than what is read. @default "upstream-unavailable" */
  readonly tooLarge?: ErrorCode;
  readonly signal?: AbortSignal | undefined;
}

/** A request that changes something, or asks about an upload. */
export interface WriteRequest extends Omit<RegistryRequest, "method"> {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Where the upstream said that it wants this request; in place of `path`, which names it in messages then. */
  readonly url?: URL;
  /** A stream is sent once. */
  readonly body?: Uint8Array | ReadableStream | undefined;
  /** How long its answer may take; Infinity where whoever sends the body watches. @default the transport's */
  readonly silenceMs?: number | undefined;
}

/** A small answer, read. */
export interface SmallAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
  readonly url: URL;
}

const USER_AGENT = "sif-edge";
/** How often a small body that breaks off is asked for. */
const BODY_ATTEMPTS = 3;
const ACCEPT_ENCODING = "identity";

/** The scope of reading one repository. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/** The scope of changing one repository. */
export function pushScope(repository: string, ...more: readonly "delete"[]): string {
  return `repository:${repository}:${["pull", "push", ...more].join()}`;
}

/** A connection to an upstream; keeps nothing open between requests. */
export class Session {
  /** The upstream's name. */
  readonly name: string;
  readonly #url: string;
  readonly #transport: Transport;
  readonly #credentials: UpstreamCredentials | undefined;
  readonly #authorizer: Authorizer;
  readonly #policy: RedirectPolicy;

  constructor(upstream: Upstream, options: SessionOptions = {}) {
    this.name = upstream.name;
    this.#url = upstream.url;
    this.#transport = new Transport(options);
    this.#credentials = options.credentials ?? upstream.credentials;
    this.#policy = redirectPolicy(upstream.url);
    this.#authorizer = new Authorizer({
      upstream,
      credentials: this.#credentials,
      fetchToken: (query) => this.#fetchToken(query),
      ping: (signal) => this.#ping(signal),
      now: this.#transport.now,
    });
  }

  /**
   * Sends a request and returns its answer, of any status but a redirect. Whoever gets it reads or discards the body.
   * @throws {RegistryError} where there is no answer, or no way to sign in.
   * @throws {unknown} the signal's reason.
   */
  async ask(request: RegistryRequest): Promise<Landed> {
    return this.#send(request, { signal: request.signal });
  }

  /**
   * Sends a request that changes something, once, and returns its answer, of any status. Whoever gets it reads or
   * discards the body. Credentials go to the upstream's own origin only, wherever it wants the request.
   * @throws {RegistryError} where there is no answer, no way to sign in, or a redirect, which would need it sent twice.
   */
  async write(request: WriteRequest): Promise<Landed> {
    const { signal, silenceMs } = request;
    return this.#send(request, { signal, silenceMs, attempts: 1 });
  }

  /**
   * Where an answer's `Location` leads.
   * @throws {RegistryError} `upstream-unavailable` where there is none, or the service does not go there.
   */
  locationOf({ response, url }: Landed): URL {
    return redirectTarget(response.headers.get("location"), url, this.#policy, this.name);
  }

  async #send(request: RegistryRequest | WriteRequest, options: SendOptions): Promise<Landed> {
    const { scope, signal } = request;
    const body = "body" in request ? request.body : undefined;
    const url = ("url" in request ? request.url : undefined) ?? new URL(`${this.#url}/v2/${request.path}`);
    const unsigned = { method: request.method, url, headers: headersOf(request.headers), body };
    if (url.origin !== new URL(this.#url).origin) {
      return { ...(await this.#follow(unsigned, options)), home: false };
    }
    const once = body instanceof ReadableStream;
    const authorization = await this.#signing(request, () => this.#authorizer.sign(scope, signal, once));
    const landed = await this.#follow({ ...unsigned, authorization }, options);
    if (once) return landed;
    // A challenge from elsewhere is none of the upstream's, and nothing that we have is meant for it.
    if (landed.response.status !== 401 || !landed.home) return landed;
    const challenge = landed.response.headers.get("www-authenticate");
    let better: string | undefined;
    try {
      better = await this.#signing(request, () =>
        this.#authorizer.answer(challenge, scope, authorization, signal),
      );
    } catch (error) {
      await discard(landed.response);
      throw error;
    }
    if (better === undefined) return landed;
    await discard(landed.response);
    return this.#follow({ ...unsigned, authorization: better }, options);
  }

  /** Signs a request. What a token service says is kept from those who are not to read the registry's words either. */
  async #signing<T>(request: RegistryRequest | WriteRequest, sign: () => Promise<T>): Promise<T> {
    try {
      return await sign();
    } catch (cause) {
      if (request.wordless !== true || !(cause instanceof RegistryError)) throw cause;
      const { retryAfterSeconds } = cause;
      const message = `Cannot ${this.describe(request.action)}: no token could be had for it`;
      throw new RegistryError(cause.code, message, { retryAfterSeconds, cause });
    }
  }

  /**
   * Sends a request and reads its answer, again where the body breaks off.
   * @throws {RegistryError} for a status that is neither 200 nor welcome, and for a body that cannot be had.
   */
  async askSmall(request: RegistryRequest, maxBytes: number): Promise<SmallAnswer> {
    const { signal, tooLarge } = request;
    const options = { maxBytes, timeoutMs: this.#transport.idleMs, signal, tooLarge };
    for (let attempt = 1; ; attempt++) {
      const landed = await this.ask(request);
      const { status, headers } = landed.response;
      if (status !== 200 && request.welcome?.has(status) !== true) throw await this.refusal(landed, request);
      try {
        const bytes = await readBody(landed.response, options);
        return { status, bytes, headers, url: landed.url };
      } catch (error) {
        if (!(error instanceof BodyFailure)) throw error;
        if (error.kind !== "broken" || attempt >= BODY_ATTEMPTS) {
          throw bodyError(error, this.describe(request.action), options);
        }
      }
      await this.#transport.pause(attempt, request.signal);
    }
  }

  /** Asks a storage address that the registry once redirected to: without credentials, once. */
  async askStorage(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Landed> {
    const request = { method: "GET", url, headers: headersOf(headers) } as const;
    return { ...(await this.#follow(request, { signal, attempts: 1 })), home: false };
  }

  /** The error for an answer that is not the wanted one; lets go of its body. */
  refusal(landed: Landed, request: RegistryRequest | WriteRequest): Promise<RegistryError> {
    const { method, action, missing, signal, wordless = false } = request;
    const writes = method !== "GET" && method !== "HEAD";
    return answerError(landed, { ...this.#context(action, missing, signal), writes, wordless });
  }

  /** An action with the upstream's name: what follows "Cannot" in a message. */
  describe(action: string): string {
    return `${action} at "${this.name}"`;
  }

  #context(action: string, missing: ErrorCode, signal: AbortSignal | undefined): FailureContext {
    return {
      action: this.describe(action),
      missing,
      hasCredentials: this.#credentials !== undefined,
      secrets: secretsOf(this.#credentials),
      now: this.#transport.now,
      signal,
    };
  }

  #follow(request: UpstreamRequest, options: SendOptions): Promise<Landed> {
    const send = (hop: UpstreamRequest): Promise<Response> => this.#transport.send(hop, options);
    return followRedirects(send, request, this.#policy, this.name);
  }

  async #ping(signal: AbortSignal | undefined): Promise<{ status: number; challenge: string | null }> {
    const request = { method: "GET", url: new URL(`${this.#url}/v2/`), headers: headersOf({}) } as const;
    const { response, home } = await this.#follow(request, { signal });
    await discard(response);
    // An answer from elsewhere tells nothing about the upstream.
    return { status: home ? response.status : 0, challenge: response.headers.get("www-authenticate") };
  }

  #fetchToken(query: TokenQuery): Promise<Token> {
    const context = this.#context("sign in", "upstream-unavailable", undefined);
    return fetchToken(query, {
      send: (request) => {
        request.headers.set("user-agent", USER_AGENT);
        return this.#follow(request, {});
      },
      context: { ...context, who: "the token service" },
      timeoutMs: this.#transport.idleMs,
    });
  }
}

function headersOf(headers: Readonly<Record<string, string>> = {}): Headers {
  return new Headers({ "user-agent": USER_AGENT, "accept-encoding": ACCEPT_ENCODING, ...headers });
}
