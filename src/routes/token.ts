/**
 * `GET`, `POST /token`: the token service that challenges under `/v2` lead to. Docker's "Token Authentication
 * Specification" by GET, and its "OAuth2 Token Authentication" by POST.
 */

import { z } from "@hono/zod-openapi";
import { parseAuthorization } from "../access/authorization-header.ts";
import { ANONYMOUS, type Caller, authenticateAs } from "../access/caller.ts";
import { issueRefreshToken, verifyRefreshToken } from "../access/refresh-token.ts";
import { issueRegistryToken } from "../access/registry-token.ts";
import { parseScopes } from "../access/token-scope.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { quote } from "../oci/quote.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { readText } from "./json-body.ts";
import { json, ociProblems } from "./responses.ts";

/** A refresh token and some scopes are far less. */
const MAX_FORM_BYTES = 32 * 1024;

/** What is asked for. */
interface TokenRequest {
  readonly caller: Caller;
  /** Values of each `scope`. */
  readonly scopes: readonly string[];
  /** Whether a refresh token is wanted too. */
  readonly offline: boolean;
}

const Token = z
  .object({
    token: z.string(),
    access_token: z.string().openapi({ description: "the same as `token`" }),
    expires_in: z.number().int().openapi({ description: "seconds" }),
    issued_at: z.string(),
    refresh_token: z.string().optional(),
  })
  .openapi("Token");

const shared = {
  path: "/token",
  group: "OCI: sign in",
  responses: {
    200: {
      description: "A token for as much of it as is granted",
      content: { "application/json": { schema: Token } },
    },
    ...ociProblems(400, 401),
  },
} as const;

const getRoute = {
  ...shared,
  method: "get",
  summary:
    "Get a token for OCI clients, by an access token's name and the token as Basic credentials, or by none",
  request: {
    query: z.object({
      scope: z
        .string()
        .optional()
        .openapi({
          param: { name: "scope", in: "query" },
          description: "What it is for, as a challenge has it; may be repeated.",
          example: "repository:ghcr.io/org/image:pull",
        }),
      offline_token: z
        .string()
        .optional()
        .openapi({
          param: { name: "offline_token", in: "query" },
          description: "`true`: a refresh token too.",
        }),
    }),
  },
} as const satisfies Route;

const postRoute = {
  ...shared,
  method: "post",
  summary: "The same by a form, as OAuth 2.0 has it",
  request: {
    body: {
      content: {
        "application/x-www-form-urlencoded": {
          schema: z.object({
            grant_type: z.enum(["password", "refresh_token"]),
            username: z.string().optional().openapi({ description: "the access token's name" }),
            password: z.string().optional().openapi({ description: "the access token" }),
            refresh_token: z.string().optional(),
            scope: z.string().optional(),
            access_type: z.string().optional().openapi({ description: "`offline`: a refresh token too" }),
          }),
        },
      },
    },
  },
} as const satisfies Route;

/** Adds the routes. */
export function addTokenRoutes(app: App): void {
  addRoute(app, getRoute, async (c) => {
    const header = c.req.header("Authorization");
    // By an access token alone: a token that was given here must not give others, or it would have no end.
    const caller =
      header === undefined
        ? ANONYMOUS
        : await authenticateAs(parseAuthorization(header), c.var.services.config, Date.now());
    const offline = ["true", "1"].includes(c.req.query("offline_token") ?? "");
    return answer(c, { caller, scopes: c.req.queries("scope") ?? [], offline });
  });

  addRoute(app, postRoute, async (c) => {
    const form = new URLSearchParams(await readText(c.req.raw.body, MAX_FORM_BYTES));
    const caller = await callerOf(c, form);
    const offline = form.get("access_type") === "offline";
    return answer(c, { caller, scopes: form.getAll("scope"), offline });
  });
}

/** Who asks by a form: RFC 6749 sections 4.3.2 and 6. */
async function callerOf(c: AppContext, form: URLSearchParams): Promise<Caller> {
  const { config } = c.var.services;
  const grantType = form.get("grant_type") ?? "";
  switch (grantType) {
    case "password": {
      const presented = { name: form.get("username") ?? "", token: form.get("password") ?? "" };
      return authenticateAs(presented, config, Date.now());
    }
    case "refresh_token":
      return verifyRefreshToken(form.get("refresh_token") ?? "", config, Date.now());
    default:
      throw new RegistryError(
        "invalid-request",
        `Cannot make a token: the grant type is ${quote(grantType, 80)}, expected "password" or "refresh_token"`,
      );
  }
}

/** A token for what was asked, as far as it is granted: the client learns of the rest when it is refused. */
async function answer(c: AppContext, { caller, scopes, offline }: TokenRequest): Promise<Response> {
  const { config } = c.var.services;
  const nowMs = Date.now();
  c.set("caller", caller.name);
  const requested = parseScopes(scopes);
  const { token, expiresInSeconds, issuedAt } = await issueRegistryToken(caller, requested, config, nowMs);
  const refreshToken = offline ? await issueRefreshToken(caller, config, nowMs) : undefined;
  return json(c, {
    token,
    // The same by its OAuth2 name.
    access_token: token,
    expires_in: expiresInSeconds,
    issued_at: issuedAt.toISOString(),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  });
}
