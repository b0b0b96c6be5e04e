/** `/v1/tags/…`: listing a repository's tags, and adding one to an image. */

import { z } from "@hono/zod-openapi";
import { RegistryError } from "../errors.ts";
import { parseDigest } from "../oci/digest.ts";
import { formatReference, parseRepositoryPath, parseTag, repositoryPath } from "../oci/reference.ts";
import { openDestination } from "../repository/destination.ts";
import { openListings } from "../repository/listings.ts";
import { type Wanted, unknownImage } from "../repository/resolution.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { cacheControl } from "./cache-control.ts";
import { pageQuery } from "./page-query.ts";
import { referenceOf, referenceParams } from "./reference-param.ts";
import { json, problems } from "./responses.ts";
import { linkTo, pageOf } from "./v2/paging.ts";

const TagList = z.object({ repository: z.string(), tags: z.array(z.string()) }).openapi("TagList");

const Tagged = z
  .object({
    reference: z.string(),
    manifest: z.object({ digest: z.string(), mediaType: z.string(), size: z.number().int() }),
  })
  .openapi("Tagged");

const path = "/v1/tags/{ref}";

const listRoute = {
  method: "get",
  path,
  group: "Tags and search",
  summary: "List a repository's tags",
  description: '`ref` is `<registry>/<repository>` here. `Link` with `rel="next"` leads to the next page.',
  request: { params: referenceParams, query: pageQuery },
  responses: {
    200: { description: "The tags", content: { "application/json": { schema: TagList } } },
    ...problems(400, 401, 403, 404, 502, 503, 504),
  },
} as const satisfies Route;

const addTagRoute = {
  method: "put",
  path,
  group: "Tags and search",
  summary: "Add a tag to an image",
  description: "`ref` is `<registry>/<repository>:<new tag>` here.",
  request: {
    params: referenceParams,
    query: z.object({
      from: z.string().openapi({
        param: { name: "from", in: "query" },
        description: "A tag or digest of the same repository.",
        example: "1.0",
      }),
    }),
  },
  responses: {
    201: { description: "Added", content: { "application/json": { schema: Tagged } } },
    ...problems(400, 401, 403, 404, 405, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the routes. */
export function addTagRoutes(app: App): void {
  addRoute(app, listRoute, async (c) => {
    const location = parseRepositoryPath(c.req.param("ref") ?? "");
    const { shared, lent } = await authorize(c, "pull", location);
    const listings = openListings(c.var.services, location, lent);
    const { tags, next } = await listings.tags({ ...pageOf(c), signal: c.req.raw.signal });
    const answer = { repository: repositoryPath(location), tags: [...tags] } satisfies z.infer<
      typeof TagList
    >;
    return json(c, answer, 200, {
      "Cache-Control": cacheControl({ shared, immutable: false }),
      ...linkTo(c, next === undefined ? undefined : { ...next }),
    });
  });

  addRoute(app, addTagRoute, async (c) => {
    const reference = referenceOf(c);
    const { lent } = await authorize(c, "push", reference);
    const { tag, digest } = reference;
    if (tag === undefined || digest !== undefined) {
      throw new RegistryError(
        "invalid-reference",
        `Cannot add tag "${formatReference(reference)}": expected registry/repository:tag`,
      );
    }
    const destination = openDestination(c.var.services, reference, lent);
    const from = readFrom(c.req.query("from") ?? "");
    const manifest = await destination.manifest(from);
    if (manifest === undefined) throw unknownImage(repositoryPath(reference), from);
    await destination.putManifest({ ...manifest, tag });
    const answer = {
      reference: formatReference(reference),
      manifest: { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.bytes.length },
    } satisfies z.infer<typeof Tagged>;
    return json(c, answer, 201, { Location: `/v1/images/${answer.reference}` });
  });
}

/** @throws {RegistryError} `invalid-reference`, `invalid-digest` */
function readFrom(from: string): Wanted {
  return from.includes(":") ? { digest: parseDigest(from) } : { tag: parseTag(from) };
}
