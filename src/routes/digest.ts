/** `GET /v1/digest/{ref}`: the digest of the SIF file, without downloading it. */

import { z } from "@hono/zod-openapi";
import { prefersPlainText } from "../http/accept.ts";
import { knownArchitecture } from "../inspect/known-architecture.ts";
import { formatReference } from "../oci/reference.ts";
import { findImage } from "../repository/image.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { referenceCacheControl } from "./cache-control.ts";
import { json, problems } from "./responses.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { staleHeaders } from "./stale.ts";

const DigestAnswer = z
  .object({
    reference: z.string().openapi({ example: "ghcr.io/org/image:1.0" }),
    digest: z.string().openapi({ description: "sha256 of the SIF file" }),
    size: z.number().int().openapi({ description: "bytes of the SIF file" }),
    mediaType: z.string(),
    filename: z.string(),
    manifest: z.object({ digest: z.string(), mediaType: z.string(), size: z.number().int() }),
    architecture: z.string().nullable().openapi({
      description: "as the index tells it, or else the SIF file where it is in the cache",
    }),
    created: z.string().nullable().openapi({ description: "RFC 3339, as the manifest has it" }),
    annotations: z.record(z.string(), z.string()),
  })
  .openapi("Digest");

const route = {
  method: "get",
  path: "/v1/digest/{ref}",
  group: "Images",
  summary: "Look up the digest of an image's SIF file",
  request: { params: referenceParams, query: architectureQuery },
  responses: {
    200: {
      description: "The digest; with `Accept: text/plain` the digest alone and a newline",
      content: { "application/json": { schema: DigestAnswer }, "text/plain": { schema: z.string() } },
    },
    ...problems(400, 401, 403, 404, 422, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addDigestRoute(app: App): void {
  addRoute(app, route, async (c) => {
    const reference = referenceOf(c);
    const { shared, lent } = await authorize(c, "pull", reference);
    const image = await findImage(c.var.services, { reference, architecture: architectureOf(c), lent });
    const headers = {
      "Cache-Control": referenceCacheControl(reference, shared),
      Vary: "Accept",
      ...staleHeaders(image.resolved),
    };
    if (prefersPlainText(c.req.header("Accept") ?? null))
      return c.text(`${image.layer.digest}\n`, 200, headers);
    const { layer, manifest } = image;
    return json(
      c,
      {
        reference: formatReference(reference),
        digest: layer.digest,
        size: layer.sizeBytes,
        mediaType: layer.mediaType,
        filename: image.filename,
        manifest: { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.sizeBytes },
        architecture: image.architecture ?? (await knownArchitecture(c.var.services, layer.digest)) ?? null,
        created: image.created ?? null,
        annotations: image.annotations,
      } satisfies z.infer<typeof DigestAnswer>,
      200,
      headers,
    );
  });
}
