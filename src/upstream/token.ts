/**
 * Docker's token flow: the registry's challenge names a service that gives access tokens, asked by GET with or without
 * Basic credentials ("Token Authentication Specification"), or by POST in OAuth2's form ("OAuth2 Token Authentication").
 */

import { RegistryError } from "../errors.ts";
import { readJson } from "../oci/json.ts";
import { basicAuthorization, type UpstreamCredentials } from "./credentials.ts";
import { answerError, type FailureContext } from "./failure.ts";
import { BodyFailure, bodyError, discard, readBody } from "./read-body.ts";
import type { Landed } from "./redirects.ts";
import type { Token } from "./token-cache.ts";
import type { UpstreamRequest } from "./transport.ts";

/** What a token is asked for with. */
export interface TokenQuery {
  /** Checked by `checkRealm`. */
  readonly realm: URL;
  readonly service: string | undefined;
  /** Scopes, separated by spaces. */
  readonly scope: string;
  readonly credentials: UpstreamCredentials | undefined;
}

/** How {@link fetchToken} reaches the service. */
export interface TokenWire {
  /** Sends and follows redirects, credentials staying on the realm's origin. */
  readonly send: (request: UpstreamRequest) => Promise<Landed>;
  readonly context: FailureContext;
  readonly timeoutMs: number;
}

/** What a token service sends; OAuth2's name of the token, or Docker's. */
interface Answer {
  readonly token?: unknown;
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
}

const CLIENT_ID = "sif-edge";
const MAX_TOKEN_BYTES = 64 * 1024;
/** What a service that tells no lifetime means by that. */
const DEFAULT_LIFE_SECONDS = 60;

/** Statuses of a service that does not know the form of the request. */
const OTHER_FORM: ReadonlySet<number> = new Set([404, 405]);

/**
 * Asks a token service for a token: for an identity token by POST, else by GET; where the service does not know that
 * form, in the other one.
 * @throws {RegistryError} `upstream-denied` where it refuses the credentials, and as a registry's answers otherwise.
 */
export async function fetchToken(query: TokenQuery, wire: TokenWire): Promise<Token> {
  const get = byGet(query);
  const post = byPost(query);
  const [first, other] = query.credentials?.kind === "identity" ? [post, get] : [get, post];
  if (first === undefined) throw new Error("Cannot ask for token: no request can carry these credentials");
  let landed = await wire.send(first);
  if (other !== undefined && OTHER_FORM.has(landed.response.status)) {
    await discard(landed.response);
    landed = await wire.send(other);
  }
  if (landed.response.status !== 200) throw await answerError(landed, wire.context);
  return readToken(landed.response, query.scope, wire);
}

/** `undefined` for credentials that this form cannot carry. */
function byGet({ realm, service, scope, credentials }: TokenQuery): UpstreamRequest | undefined {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const one of scope.split(" ")) if (one !== "") url.searchParams.append("scope", one);
  const request = { method: "GET", url, headers: new Headers({ accept: "application/json" }) } as const;
  if (credentials?.kind === "basic") {
    return { ...request, authorization: basicAuthorization(credentials.username, credentials.password) };
  }
  if (credentials?.kind !== "identity") return request;
  // Services without OAuth2 take an identity token in place of the password.
  const { username, identityToken } = credentials;
  if (username === undefined) return undefined;
  return { ...request, authorization: basicAuthorization(username, identityToken) };
}

/** `undefined` for credentials that this form cannot carry. */
function byPost({ realm, service, scope, credentials }: TokenQuery): UpstreamRequest | undefined {
  const grant = grantOf(credentials);
  if (grant === undefined) return undefined;
  const form = new URLSearchParams({ ...grant, client_id: CLIENT_ID, scope });
  if (service !== undefined) form.set("service", service);
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  });
  return { method: "POST", url: realm, headers, body: form.toString() };
}

function grantOf(credentials: UpstreamCredentials | undefined): Readonly<Record<string, string>> | undefined {
  if (credentials?.kind === "basic") {
    const { username, password } = credentials;
    return { grant_type: "password", username, password };
  }
  if (credentials?.kind !== "identity") return undefined;
  return { grant_type: "refresh_token", refresh_token: credentials.identityToken };
}

async function readToken(response: Response, scope: string, wire: TokenWire): Promise<Token> {
  const { context } = wire;
  const options = { maxBytes: MAX_TOKEN_BYTES, timeoutMs: wire.timeoutMs, signal: context.signal };
  let bytes: Uint8Array;
  try {
    bytes = await readBody(response, options);
  } catch (error) {
    throw error instanceof BodyFailure ? bodyError(error, context.action, options) : error;
  }
  const json = readJson(bytes);
  const body: Answer | null = json.ok && typeof json.value === "object" ? json.value : null;
  const value = [body?.token, body?.access_token].find((text) => typeof text === "string" && text !== "");
  // The value becomes a header's: whatever else it contains would make another of it.
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new RegistryError(
      "upstream-unavailable",
      `Cannot ${context.action}: the token service sent no token`,
    );
  }
  const life = body?.expires_in;
  const expiresInSeconds = typeof life === "number" && life > 0 ? life : DEFAULT_LIFE_SECONDS;
  return { value, expiresInSeconds, scope };
}
