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

/** One entry of an OpenAPI `responses` object. */
export interface ProblemResponse {
  readonly description: string;
  readonly content: { readonly "application/problem+json": { readonly schema: typeof Problem } };
}

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
  416: "The range lies outside the image",
  422: "The image is not one that can be served",
  429: "Too many calls of this kind; see `Retry-After`",
  501: "Not configured",
  502: "The upstream is unavailable, or sent wrong bytes",
  503: "The upstream limits requests, or too many fills wait already; see `Retry-After`",
  504: "The upstream did not answer in time",
};

/** The error responses of a route, for its description. */
export function problems(...statuses: readonly number[]): Record<number, ProblemResponse> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: DESCRIPTIONS[status] ?? "Failure",
        content: { "application/problem+json": { schema: Problem } },
      },
    ]),
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
