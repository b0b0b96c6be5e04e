/** The one place where an error becomes a response. */

import { wwwAuthenticate } from "../access/challenge.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { PROBLEM_JSON, ociErrors, problem } from "../http/problem.ts";
import { logFailure } from "../log.ts";
import { NO_STORE } from "./cache-control.ts";
import { otherMethods } from "./other-methods.ts";

/**
 * An error as its client expects it: the distribution specification's list under `/v2` and from the token service that
 * belongs to it, problem details elsewhere.
 * An error that is none of ours is a defect: its cause goes to the log, and the client gets an id to quote.
 */
export function errorResponse(c: AppContext, error: unknown): Response {
  const known = knownError(c, error);
  const oci = /^\/(?:v2(?:\/|$)|token$)/.test(c.req.path);
  const headers = errorHeaders(known);
  if (known.status === 405 && !headers.has("Allow")) headers.set("Allow", otherMethods(c));
  headers.set("Content-Type", oci ? "application/json" : PROBLEM_JSON);
  headers.set("X-Content-Type-Options", "nosniff");
  const body = c.req.method === "HEAD" ? null : JSON.stringify(oci ? ociErrors(known) : problem(known));
  return new Response(body, { status: known.status, headers });
}

/** The error that its client is told of; the cause of one that is none of ours is logged. */
export function knownError(c: AppContext, error: unknown): RegistryError {
  if (error instanceof RegistryError) {
    c.set("errorCode", error.code);
    return error;
  }
  const requestId = c.get("requestId");
  c.set("errorCode", "internal-error");
  logFailure({ event: "internal-error", requestId }, error);
  return new RegistryError(
    "internal-error",
    `Cannot answer: an unexpected failure; its operator finds it in the log as request "${requestId}"`,
    { cause: error },
  );
}

/** The headers that an error calls for, whatever its body is. */
export function errorHeaders(error: RegistryError): Headers {
  const headers = new Headers(error.headers);
  headers.set("Cache-Control", NO_STORE);
  if (error.retryAfterSeconds !== undefined)
    headers.set("Retry-After", String(Math.ceil(error.retryAfterSeconds)));
  if (error.code === "unauthorized" && !headers.has("WWW-Authenticate")) {
    headers.set("WWW-Authenticate", wwwAuthenticate({ kind: "basic" }));
  }
  return headers;
}
