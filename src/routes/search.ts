/** `GET /v1/search/{registry}[/{repository}]`: the images that there are. */

import { z } from "@hono/zod-openapi";
import { authenticate } from "../access/caller.ts";
import { canListSome, canPull, requirePermission, requireRegistry } from "../access/permissions.ts";
import type { AppContext } from "../context.ts";
import { parseRegistryName, parseRepositoryPath, repositoryPath } from "../oci/reference.ts";
import { openListings } from "../repository/listings.ts";
import { searchRegistry } from "../repository/search.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize, lentCredentials } from "./authorized.ts";
import { pageQuery } from "./page-query.ts";
import { json, problems } from "./responses.ts";
import { linkTo, pageOf } from "./v2/paging.ts";

const Images = z
  .object({
    images: z.array(z.string()).openapi({ example: ["local/tools/blast:2.16"] }),
  })
  .openapi("Images");

const route = {
  method: "get",
  path: "/v1/search/{ref}",
  group: "Tags and search",
  summary: "List the images of a registry, or of one repository",
  description:
    '`ref` is `<registry>` or `<registry>/<repository>` here. Of a registry a page has the images of `n` repositories, of a repository `n` images; `Link` with `rel="next"` leads to the next one. Registries without a list of their repositories answer 405.',
  request: {
    params: z.object({
      ref: z.string().openapi({
        param: { name: "ref", in: "path" },
        description: "`<registry>` or `<registry>/<repository>`",
        example: "local",
      }),
    }),
    query: pageQuery,
  },
  responses: {
    200: { description: "Full references", content: { "application/json": { schema: Images } } },
    ...problems(400, 401, 403, 404, 405, 502, 503, 504),
  },
} as const satisfies Route;

/** Repositories of one page: each costs a call for its tags. */
const DEFAULT_REPOSITORIES = 100;

/** Adds the route. */
export function addSearchRoute(app: App): void {
  addRoute(app, route, (c) => {
    const ref = c.req.param("ref") ?? "";
    return ref.includes("/") ? searchRepository(c, ref) : search(c, parseRegistryName(ref));
  });
}

async function search(c: AppContext, registry: string): Promise<Response> {
  const { services } = c.var;
  const { config } = services;
  const caller = await authenticate(c.req.raw.headers, config, Date.now());
  c.set("caller", caller.name);
  requireRegistry(registry, config);
  // Whoever may see nothing at all is told how to see more.
  if (!canListSome(caller, registry, config)) {
    requirePermission(caller, "pull", { registry, repository: "*" }, config);
  }
  const page = pageOf(c);
  const { images, next, unanswered } = await searchRegistry(services, {
    registry,
    n: Math.min(page.n ?? DEFAULT_REPOSITORIES, DEFAULT_REPOSITORIES),
    last: page.last,
    visible: (location) => canPull(caller, location, config),
    lent: lentCredentials(c),
    signal: c.req.raw.signal,
  });
  return json(c, { images: [...images] } satisfies z.infer<typeof Images>, 200, {
    ...linkTo(c, next === undefined ? undefined : { ...next }),
    ...(unanswered.length === 0 ? {} : { Warning: `299 - "Not answered by: ${unanswered.join(", ")}"` }),
  });
}

async function searchRepository(c: AppContext, ref: string): Promise<Response> {
  const location = parseRepositoryPath(ref);
  const { lent } = await authorize(c, "pull", location);
  const listings = openListings(c.var.services, location, lent);
  const { tags, next } = await listings.tags({ ...pageOf(c), signal: c.req.raw.signal });
  const path = repositoryPath(location);
  return json(
    c,
    { images: tags.map((tag) => `${path}:${tag}`) } satisfies z.infer<typeof Images>,
    200,
    linkTo(c, next === undefined ? undefined : { ...next }),
  );
}
