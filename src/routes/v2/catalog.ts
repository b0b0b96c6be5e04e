/** `GET /v2/_catalog`: the repositories of all configured registries, as far as the caller may see them. */

import { canList, canListSome, isOpenToAll } from "../../access/permissions.ts";
import { CATALOG_SCOPE } from "../../access/token-scope.ts";
import { LOCAL_REGISTRY } from "../../config.ts";
import type { AppContext } from "../../context.ts";
import { catalogSource, listRepositories } from "../../repository/catalog.ts";
import type { App } from "../app-type.ts";
import { NO_STORE } from "../cache-control.ts";
import { json } from "../responses.ts";
import { credentialsNeeded, hasCredentials, signIn } from "./authorized.ts";
import { MAX_PAGE_ENTRIES, linkTo, pageOf } from "./paging.ts";

/** Adds the route. */
export function addCatalogRoute(app: App): void {
  app.get("/v2/_catalog", answer);
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
