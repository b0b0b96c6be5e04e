/** `GET`, `HEAD /v1/images/{ref}`: the SIF file. */

import { z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { type Image, findImage } from "../repository/image.ts";
import { openRepository } from "../repository/open-repository.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { referenceCacheControl } from "./cache-control.ts";
import { download } from "./download.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { problems } from "./responses.ts";
import { staleWarning } from "./stale.ts";

const File = z.string().openapi({ format: "binary", description: "the SIF file" });
const CONTENT = { "application/vnd.sylabs.sif.layer.v1.sif": { schema: File } };

const route = {
  method: "get",
  path: "/v1/images/{ref}",
  group: "Images",
  summary: "Download an image's SIF file",
  description:
    "Answers HEAD, one `Range`, `If-Range`, `If-Match` and `If-None-Match` too. A complete body has the digest that the headers announce: where the check fails, the connection breaks off short of `Content-Length`.",
  request: { params: referenceParams, query: architectureQuery },
  responses: {
    200: { description: "The whole file", content: CONTENT },
    206: { description: "The range that was asked for", content: CONTENT },
    304: { description: "The client's copy is the same" },
    ...problems(400, 401, 403, 404, 412, 416, 422, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addImageRoute(app: App): void {
  addRoute(app, route, async (c) => {
    const reference = referenceOf(c);
    const { shared, lent } = await authorize(c, "pull", reference);
    const image = await findImage(c.var.services, { reference, architecture: architectureOf(c), lent });
    const stale = image.resolved.freshness === "stale";
    return download(c, {
      ...image.layer,
      lastModifiedMs: lastModifiedOf(c, image, lent),
      source: { registry: reference.registry, repository: reference.repository, credentials: lent },
      cacheControl: referenceCacheControl(reference, shared),
      byTag: reference.digest === undefined,
      filename: image.filename,
      stale,
      headers: {
        "X-Manifest-Digest": image.manifest.digest,
        ...(stale ? { Warning: staleWarning(image.resolved) } : {}),
      },
    });
  });
}

/**
 * The `Last-Modified` of an image's file: the time that the repository keeps for its digest, which never changes.
 * @returns milliseconds since 1970
 */
export async function lastModifiedOf(
  c: AppContext,
  image: Image,
  lent: UpstreamCredentials | undefined,
): Promise<number> {
  // With lent credentials the repository's memory is not this caller's to read.
  if (lent !== undefined || image.lastModifiedKept) return image.lastModifiedMs;
  const blob = await openRepository(c.var.services, image.reference, lent).blob(image.layer.digest);
  return blob?.lastModifiedMs ?? image.lastModifiedMs;
}
