/** The descriptions of the routes in `uploads.ts`. */

import { z } from "@hono/zod-openapi";
import type { Route } from "../add-route.ts";
import { ociProblems } from "../responses.ts";
import { BYTES, nameParams, namespaceQuery, optionalQuery } from "./description.ts";

const group = "OCI: push";
const path = "/v2/{name}/blobs/uploads/{session}";
const params = nameParams.extend({
  session: z.string().openapi({
    param: { name: "session", in: "path" },
    description: "Out of the `Location` of the answer before.",
  }),
});
const body = { content: BYTES };
const outOfOrder = {
  ...ociProblems(416)[416],
  description: "The upload is elsewhere: `Range` tells where, `Location` how to go on",
};

/** end-4a, end-4b, end-11. */
export const startRoute = {
  method: "post",
  path: "/v2/{name}/blobs/uploads/",
  group,
  summary: "Begin to push a blob, or push a small one whole, or mount one",
  request: {
    params: nameParams,
    query: namespaceQuery.extend({
      digest: optionalQuery("digest", "The body is the whole blob, and this is its digest."),
      mount: optionalQuery("mount", "Digest of a blob that the repository `from` has."),
      from: optionalQuery("from", "`<registry>/<repository>`."),
      "digest-algorithm": optionalQuery(
        "digest-algorithm",
        "`sha256`, which it is when left out, or `sha512`.",
      ),
    }),
    body,
  },
  responses: {
    201: { description: "The blob is there; `Location` names it" },
    202: { description: "Begun; go on at `Location`" },
    ...ociProblems(400, 401, 403, 404, 405, 413, 502, 503, 504),
  },
} as const satisfies Route;

/** end-13. */
export const statusRoute = {
  method: "get",
  path,
  group,
  summary: "How far an upload is",
  request: { params, query: namespaceQuery },
  responses: {
    204: { description: "`Range` names the last byte that is safe" },
    ...ociProblems(400, 401, 403, 404, 502, 503, 504),
  },
} as const satisfies Route;

/** end-5. */
export const addToRoute = {
  method: "patch",
  path,
  group,
  summary: "Send the next bytes of a blob",
  description:
    "`Content-Range: <first>-<last>` says which they are. Without it they begin where the upload ended when this address was given out: of a request that broke off and is sent again, what is there already is passed over.",
  request: { params, query: namespaceQuery, body },
  responses: {
    202: { description: "Taken; `Range` names the last byte that is safe, go on at `Location`" },
    ...ociProblems(400, 401, 403, 404, 413, 502, 503, 504),
    416: outOfOrder,
  },
} as const satisfies Route;

/** end-6. */
export const finishRoute = {
  method: "put",
  path,
  group,
  summary: "Finish a blob, with its last bytes where there are some",
  request: {
    params,
    query: namespaceQuery.extend({
      digest: z
        .string()
        .optional()
        .openapi({
          param: { name: "digest", in: "query", required: true },
          description: "The digest that the whole blob must have.",
        }),
    }),
    body,
  },
  responses: {
    201: { description: "The blob is there; `Location` names it" },
    ...ociProblems(400, 401, 403, 404, 413, 502, 503, 504),
    416: outOfOrder,
  },
} as const satisfies Route;

/** Of the specification's next version: end-14. */
export const cancelRoute = {
  method: "delete",
  path,
  group,
  summary: "Give an upload up",
  request: { params, query: namespaceQuery },
  responses: { 204: { description: "Given up" }, ...ociProblems(400, 401, 403, 404, 502, 503, 504) },
} as const satisfies Route;
