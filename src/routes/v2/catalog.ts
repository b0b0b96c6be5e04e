/** `GET /v2/_catalog`: the repositories of all configured registries, as far as the caller may see them. */

import { z } from "@hono/zod-openapi";
import { canList, canListSome, isOpenToAll } from "../../access/permissions.ts";
import { CATALOG_SCOPE } from "../../access/token-scope.ts";
import { LOCAL_REGISTRY } from "../../config.ts";
import type { AppContext } from "../../context.ts";
import { catalogSource, listRepositories } from "../../repository/catalog.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { NO_STORE } from "../cache-control.ts";
import { json, ociProblems } from "../responses.ts";
import { credentialsNeeded, hasCredentials, signIn } from "./authorized.ts";
import { listQuery } from "./description.ts";
import { MAX_PAGE_ENTRIES, linkTo, pageOf } from "./paging.ts";

const route = {
  method: "get",
  path: "/v2/_catalog",
  group: "OCI: pull",
  summary: "List the repositories of all registries, as far as the caller may see them",
  description:
    '`Link` with `rel="next"` leads to the next page; `Warning` names registries that could not be asked.',
  request: { query: listQuery },
  responses: {
    200: {
      description: "The repositories",
      content: { "application/json": { schema: z.object({ repositories: z.array(z.string()) }) } },
    },
    ...ociProblems(400, 401, 403, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addCatalogRoute(app: App): void {
  addRoute(app, route, answer);
}

/** Clients have no occasion to sign in but a 401: without one they would be shown what anyone may see, and no more. */
async function answer(c: AppContext): Promise<Response> {
  const { config } = c.var.services;
  const caller = await signIn(c, CATALOG_SCOPE);
  if (!hasCredentials(c) && !isOpenToAll(config)) {
    throw credentialsNeeded(c, "list repositories", CATALOG_SCOPE);
  }
  const { n = MAX_PAGE_ENTRIES, last } = pageOf(c);
  const sources = [...config.upstreams.keys(), LOCAL_REGISTRY]
    .filter((registry) => n > 0 && canListSome(caller, registry, config))
    .map((registry) => catalogSource(c.var.services, registry, undefined));
  const { repositories, next, unanswered } = await listRepositories({
    sources,
    n,
    last,
    visible: (location) => canList(caller, location, config),
    signal: c.req.raw.signal,
  });
  return json(c, { repositories }, 200, {
    "Cache-Control": NO_STORE,
    ...linkTo(c, next === undefined ? undefined : { ...next }),
    ...(unanswered.length === 0 ? {} : { Warning: `299 - "Not answered by: ${unanswered.join(", ")}"` }),
  });
}
