/**
 * Signing in to an upstream: which `Authorization` a request is sent with, before it is asked for one and after.
 *
 * What an upstream asked for last time is remembered, so that a request usually goes out signed and is answered at once.
 */

import type { Upstream } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { parseChallenges } from "./challenge.ts";
import { basicAuthorization, type UpstreamCredentials } from "./credentials.ts";
import { checkRealm } from "./realm.ts";
import { type Token, TokenCache } from "./token-cache.ts";
import type { TokenQuery } from "./token.ts";

/** What an upstream wants. */
type Scheme =
  | { readonly kind: "none" }
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service: string | undefined };

/** What an {@link Authorizer} works with. */
export interface AuthorizerOptions {
  readonly upstream: Upstream;
  readonly credentials: UpstreamCredentials | undefined;
  /** Asks a token service. Not bound to any caller's signal, because callers share the answer. */
  readonly fetchToken: (query: TokenQuery) => Promise<Token>;
  /** Asks for `/v2/` unsigned: the status and the `WWW-Authenticate` of the answer. */
  readonly ping: (signal: AbortSignal | undefined) => Promise<{ status: number; challenge: string | null }>;
  readonly now: () => number;
}

/** What upstreams wanted last, by address. It is no secret, so everyone in the isolate shares it. */
const schemes = new Map<string, Scheme>();
const MAX_SCHEMES = 200;

const anonymousTokens = new TokenCache();
/** A cache for each object of credentials, gone with it: tokens got with lent credentials outlive no request. */
const tokensOf = new WeakMap<UpstreamCredentials, TokenCache>();

/** Signs requests to one upstream with one identity. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens: TokenCache;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#tokens = options.credentials === undefined ? anonymousTokens : cacheOf(options.credentials);
  }

  /**
   * What to sign a request with before anybody asked: what the upstream wanted last time.
   * @param scope what the request needs, in the grammar of Docker's tokens.
   * @param mustKnow asks the upstream first where it has not told what it wants: for what cannot be sent twice
   * @throws {RegistryError} where the token service refuses or fails.
   */
  async sign(scope: string, signal: AbortSignal | undefined, mustKnow = false): Promise<string | undefined> {
    const { credentials, upstream } = this.#options;
    if (credentials?.kind === "registry") return `Bearer ${credentials.registryToken}`;
    // Without credentials the first answer tells as much as a ping would.
    const scheme =
      schemes.get(upstream.url) ??
      (credentials === undefined && !mustKnow ? undefined : await this.#discover(signal));
    if (scheme === undefined) return undefined;
    // A registry that lets everyone look may show more to those who sign in, and has no occasion to say so.
    if (scheme.kind !== "bearer") return this.#basic();
    try {
      return await this.#bearer(scheme, scope, undefined, undefined, signal);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "upstream-unavailable") throw error;
      // The token service may have moved, or not be needed any more: the answer to an unsigned request tells.
      if (schemes.get(upstream.url) === scheme) schemes.delete(upstream.url);
      return undefined;
    }
  }

  /**
   * What to sign a request with after it was answered by 401.
   * @param challenge the answer's `WWW-Authenticate`.
   * @param refused what the request was signed with.
   * @returns `undefined` where there is nothing that could be better: the refusal is final.
   * @throws {RegistryError} where the token service may not be used, refuses or fails.
   */
  async answer(
    challenge: string | null,
    scope: string,
    refused: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (this.#options.credentials?.kind === "registry") return undefined;
    const { scheme, scope: wanted } = readScheme(challenge);
    if (scheme.kind === "none") return undefined;
    this.#remember(scheme);
    if (scheme.kind === "bearer") return this.#bearer(scheme, scope, wanted, refused, signal);
    const basic = this.#basic();
    return basic === refused ? undefined : basic;
  }

  async #discover(signal: AbortSignal | undefined): Promise<Scheme | undefined> {
    const { status, challenge } = await this.#options.ping(signal);
    // Anything else tells nothing about how to sign in.
    if (status !== 401 && status !== 200) return undefined;
    const { scheme } = readScheme(status === 401 ? challenge : null);
    this.#remember(scheme);
    return scheme;
  }

  async #bearer(
    scheme: Extract<Scheme, { kind: "bearer" }>,
    scope: string,
    wantedScope: string | undefined,
    refused: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { upstream, credentials, fetchToken, now } = this.#options;
    const realm = checkRealm(scheme.realm, upstream);
    const fetch = (lastScope: string | undefined): Promise<Token> => {
      // A registry knows best by which scope it goes, and goes by the same the next time.
      return fetchToken({
        realm,
        service: scheme.service,
        scope: wantedScope ?? lastScope ?? scope,
        credentials,
      });
    };
    const key = JSON.stringify([upstream.url, upstream.realms, scheme.realm, scheme.service, scope]);
    const token = await this.#tokens.get(key, fetch, {
      now,
      signal,
      refused: refused?.replace(/^Bearer /, ""),
    });
    return `Bearer ${token}`;
  }

  #basic(): string | undefined {
    const { credentials } = this.#options;
    return credentials?.kind === "basic"
      ? basicAuthorization(credentials.username, credentials.password)
      : undefined;
  }

  #remember(scheme: Scheme): void {
    schemes.set(this.#options.upstream.url, scheme);
    const oldest = schemes.keys().next();
    if (schemes.size > MAX_SCHEMES && oldest.done !== true) schemes.delete(oldest.value);
  }
}

/** Bearer before Basic, which hands over the password itself. */
function readScheme(header: string | null): { scheme: Scheme; scope: string | undefined } {
  const challenges = parseChallenges(header);
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get("realm");
    if (scheme !== "bearer" || realm === undefined) continue;
    const scope = parameters.get("scope");
    return {
      scheme: { kind: "bearer", realm, service: parameters.get("service") },
      scope: scope === "" ? undefined : scope,
    };
  }
  const basic = challenges.some(({ scheme }) => scheme === "basic");
  return { scheme: { kind: basic ? "basic" : "none" }, scope: undefined };
}

function cacheOf(credentials: UpstreamCredentials): TokenCache {
  let cache = tokensOf.get(credentials);
  if (cache === undefined) {
    cache = new TokenCache();
    tokensOf.set(credentials, cache);
  }
  return cache;
}
