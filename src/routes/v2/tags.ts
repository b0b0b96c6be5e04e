/** `GET /v2/<name>/tags/list` (end-8a, end-8b). */

import type { AppContext } from "../../context.ts";
import { openListings } from "../../repository/listings.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { json } from "../responses.ts";
import { authorizeV2 } from "./authorized.ts";
import { nameOf, repositoryOf } from "./name.ts";
import { linkTo, pageOf } from "./paging.ts";

/** Adds the route. */
export function addTagsRoute(app: App): void {
  app.get("/v2/:name{.+}/tags/list", answer);
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
