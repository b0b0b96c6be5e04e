import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { RequestFacts } from "./fault-rules.ts";

/** Who may read, and how they prove it. */
export type FaultAuthOptions =
  | { readonly scheme: "none" }
  | { readonly scheme: "basic"; readonly username: string; readonly password: string }
  | BearerOptions;

/** Docker's token flow with a token endpoint of the upstream's own, at `/token`. */
export interface BearerOptions {
  readonly scheme: "bearer";
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  /** A token that the registry takes without the flow. */
  readonly registryToken?: string;
  /** Whether callers without credentials get a token too. @default true */
  readonly anonymous?: boolean;
  /** Repositories that they get no token for. */
  readonly privateRepositories?: readonly string[];
  /** The realm that the challenge names. @default the upstream's own */
  readonly realm?: string;
  /** The scope that the challenge names, in place of the right one. */
  readonly challengeScope?: string;
  /** @default "token" */
  readonly tokenField?: "token" | "access_token";
  /** Null leaves the field out. @default 300 */
  readonly expiresInSeconds?: number | null;
  /** Methods that the token endpoint answers. @default both */
  readonly tokenMethods?: readonly ("GET" | "POST")[];
}

/** A short answer. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface IssuedToken {
  readonly scopes: readonly string[];
  readonly expiresMs: number;
}

/** Checks requests and gives out tokens. */
export class FaultAuth {
  options: FaultAuthOptions = { scheme: "none" };
  readonly #url: () => string;
  #tokens = new Map<string, IssuedToken>();

  constructor(url: () => string) {
    this.#url = url;
  }

  /** Makes every token given out so far worthless. */
  revokeTokens(): void {
    this.#tokens = new Map();
  }

  /** The refusal of a request, where it is one. */
  check(facts: RequestFacts, headers: IncomingHttpHeaders): PlainAnswer | undefined {
    const { options } = this;
    if (options.scheme === "none") return undefined;
    if (options.scheme === "basic") {
      if (headers.authorization === basic(options.username, options.password)) return undefined;
      return unauthorized('Basic realm="fault upstream"');
    }
    const scope = scopeOf(facts);
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
    if (token !== undefined && this.#allows(token, scope)) return undefined;
    const named = options.challengeScope ?? scope;
    const challenge = `Bearer realm="${options.realm ?? `${this.#url()}/token`}",service="fault-upstream"`;
    return unauthorized(named === undefined ? challenge : `${challenge},scope="${named}"`);
  }

  /** Answers a request to the token endpoint. */
  token(method: string, query: URLSearchParams, headers: IncomingHttpHeaders, form: string): PlainAnswer {
    const { options } = this;
    if (options.scheme !== "bearer") return { status: 404 };
    if (!(options.tokenMethods ?? ["GET", "POST"]).some((allowed) => allowed === method)) {
      return { status: 405 };
    }
    const fields = method === "POST" ? new URLSearchParams(form) : query;
    const known = method === "POST" ? formHolds(fields, options) : headerHolds(headers, options);
    if (known === false) return refusal("authentication required");
    const scopes = fields.getAll("scope").flatMap((scope) => scope.split(" "));
    const open = (scope: string): boolean =>
      options.anonymous !== false &&
      !(options.privateRepositories ?? []).some((name) => scope.includes(`:${name}:`));
    if (known === undefined && options.anonymous === false) return refusal("no anonymous access");
    const token = randomUUID();
    const expiresInSeconds = options.expiresInSeconds === undefined ? 300 : options.expiresInSeconds;
    this.#tokens.set(token, {
      scopes: known === true ? scopes : scopes.filter(open),
      expiresMs: Date.now() + (expiresInSeconds ?? 60) * 1000,
    });
    const body = { [options.tokenField ?? "token"]: token, expires_in: expiresInSeconds ?? undefined };
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  }

  #allows(token: string, scope: string | undefined): boolean {
    if (this.options.scheme !== "bearer") return false;
    if (token === this.options.registryToken) return true;
    const issued = this.#tokens.get(token);
    if (issued === undefined || issued.expiresMs <= Date.now()) return false;
    return scope === undefined || issued.scopes.includes(scope);
  }
}

function scopeOf({ kind, repository }: RequestFacts): string | undefined {
  if (kind === "catalog") return "registry:catalog:*";
  return repository === undefined ? undefined : `repository:${repository}:pull`;
}

/** Whether the caller proved who they are; `undefined` where they did not try. */
function headerHolds(headers: IncomingHttpHeaders, options: BearerOptions): boolean | undefined {
  if (headers.authorization === undefined) return undefined;
  return headers.authorization === basic(options.username ?? "", options.password ?? "");
}

function formHolds(form: URLSearchParams, options: BearerOptions): boolean {
  if (form.get("grant_type") === "refresh_token") {
    return options.identityToken !== undefined && form.get("refresh_token") === options.identityToken;
  }
  return (
    form.get("grant_type") === "password" &&
    form.get("username") === options.username &&
    form.get("password") === options.password
  );
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function unauthorized(challenge: string): PlainAnswer {
  return { ...refusal("authentication required"), headers: { "www-authenticate": challenge } };
}

function refusal(message: string): PlainAnswer {
  return { status: 401, body: JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message }] }) };
}
