/** `GET /v2/<name>/tags/list` (end-8a, end-8b). */

import { z } from "@hono/zod-openapi";
import type { AppContext } from "../../context.ts";
import { openListings } from "../../repository/listings.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { json, ociProblems } from "../responses.ts";
import { authorizeV2 } from "./authorized.ts";
import { listQuery, nameParams, namespaceQuery } from "./description.ts";
import { nameOf, repositoryOf } from "./name.ts";
import { linkTo, pageOf } from "./paging.ts";

const route = {
  method: "get",
  path: "/v2/{name}/tags/list",
  group: "OCI: pull",
  summary: "List a repository's tags",
  description: '`Link` with `rel="next"` leads to the next page.',
  request: { params: nameParams, query: namespaceQuery.extend(listQuery.shape) },
  responses: {
    200: {
      description: "The tags",
      content: { "application/json": { schema: z.object({ name: z.string(), tags: z.array(z.string()) }) } },
    },
    ...ociProblems(400, 401, 403, 404, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addTagsRoute(app: App): void {
  addRoute(app, route, answer);
}

async function answer(c: AppContext): Promise<Response> {
  const location = repositoryOf(c);
  const { shared, lent } = await authorizeV2(c, "pull", location);
  const page = pageOf(c);
  const listings = openListings(c.var.services, location, lent);
  // Nothing is wanted of it but whether there is such a repository.
  const none = page.n === 0;
  const { tags, next } = await listings.tags({
    ...page,
    ...(none ? { n: 1 } : {}),
    signal: c.req.raw.signal,
  });
  return json(c, { name: nameOf(c), tags: none ? [] : tags }, 200, {
    "Cache-Control": cacheControl({ shared, immutable: false }),
    ...linkTo(c, none || next === undefined ? undefined : { ...next }),
  });
}
