/** Answers that are not blobs, and how they stand in the OpenAPI description. */

import { z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { NO_STORE } from "./cache-control.ts";

/** RFC 9457 problem details, with our stable code. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z
      .string()
      .openapi({ example: "image-unknown", description: "a stable word that programs may rely on" }),
  })
  .openapi("Problem");

/** The error list of the OCI distribution specification 1.1, section "Error Codes". */
const OciErrors = z
  .object({
    errors: z.array(
      z.object({
        code: z.string().openapi({ example: "MANIFEST_UNKNOWN" }),
        message: z.string(),
        detail: z.object({ code: z.string().openapi({ description: "the code of problem details" }) }),
      }),
    ),
  })
  .openapi("OciErrors");

/** Error responses by their status, as an OpenAPI `responses` object has them. */
type ErrorResponses<Type extends string> = Record<
  number,
  { readonly description: string; readonly content: Record<Type, { readonly schema: z.ZodType }> }
>;

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: "The request cannot be understood",
  401: "Credentials are needed, or wrong",
  403: "Not allowed, here or by the upstream",
  404: "There is no such thing",
  405: "The registry does not do this",
  409: "It would exceed a limit",
  412: "A precondition of the request does not hold",
  413: "Too large, or more than there is room for",
  415: "The body is no SIF file",
  416: "The range lies outside of what there is",
  422: "The image is not one that can be served",
  429: "Too many calls of this kind; see `Retry-After`",
  501: "Not configured",
  502: "The upstream is unavailable, or sent wrong bytes",
  503: "The upstream limits requests, or too many fills wait already; see `Retry-After`",
  504: "The upstream did not answer in time",
};

/** The error responses of a route, for its description. */
export function problems(...statuses: readonly number[]): ErrorResponses<"application/problem+json"> {
  return errorResponses(statuses, { "application/problem+json": { schema: Problem } });
}

/** The same of a route for OCI clients. */
export function ociProblems(...statuses: readonly number[]): ErrorResponses<"application/json"> {
  return errorResponses(statuses, { "application/json": { schema: OciErrors } });
}

function errorResponses<Type extends string>(
  statuses: readonly number[],
  content: ErrorResponses<Type>[number]["content"],
): ErrorResponses<Type> {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: DESCRIPTIONS[status] ?? "Failure", content }]),
  );
}

/** A JSON answer; never kept by caches unless the headers say so. */
export function json(
  c: AppContext,
  body: object,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(c.req.method === "HEAD" ? null : JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": NO_STORE, ...headers },
  });
}
