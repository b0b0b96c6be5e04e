/** `GET /v2/<name>/referrers/<digest>` (end-12a, end-12b): what was said about a manifest afterwards. */

import type { AppContext } from "../../context.ts";
import { parseDigest } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/manifest.ts";
import { referrersPage } from "../../oci/referrers-page.ts";
import { openListings } from "../../repository/listings.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { ociProblems } from "../responses.ts";
import { authorizeV2 } from "./authorized.ts";
import { INDEX, digestParams, namespaceQuery, optionalQuery } from "./description.ts";
import { repositoryOf } from "./name.ts";
import { linkTo } from "./paging.ts";

const FILTER = "artifactType";

const route = {
  method: "get",
  path: "/v2/{name}/referrers/{digest}",
  group: "OCI: pull",
  summary: "List what refers to a manifest: signatures, reports",
  description: '`Link` with `rel="next"` leads to the next page.',
  request: {
    params: digestParams,
    query: namespaceQuery.extend({
      [FILTER]: optionalQuery(FILTER, "Only artifacts of this type."),
      last: optionalQuery("last", "Where the page before ended; best taken from its `Link`."),
    }),
  },
  responses: {
    200: {
      description: "An index of descriptors; an empty one where there are none",
      content: INDEX,
    },
    ...ociProblems(400, 401, 403, 404, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addReferrersRoute(app: App): void {
  addRoute(app, route, answer);
}

/** A digest that nobody knows has no referrers; that is an answer, and never 404. */
async function answer(c: AppContext): Promise<Response> {
  const location = repositoryOf(c);
  const { shared, lent } = await authorizeV2(c, "pull", location);
  const digest = parseDigest(c.req.param("digest") ?? "");
  const artifactType = c.req.query(FILTER);
  const after = c.req.query("last");
  const listings = openListings(c.var.services, location, lent);
  const all = await listings.referrers(digest, { artifactType, signal: c.req.raw.signal });
  const page = referrersPage(
    all.bytes,
    after === undefined ? undefined : parseDigest(after),
    MAX_MANIFEST_BYTES,
  );
  const filter = artifactType === undefined ? {} : { [FILTER]: artifactType };
  return new Response(c.req.method === "HEAD" ? null : page.bytes, {
    headers: {
      "Content-Type": all.mediaType,
      "Content-Length": String(page.bytes.length),
      "Cache-Control": `${cacheControl({ shared, immutable: false })}, no-transform`,
      ...(artifactType === undefined ? {} : { "OCI-Filters-Applied": FILTER }),
      ...linkTo(c, page.last === undefined ? undefined : { ...filter, last: page.last }),
    },
  });
}
