/** `GET /v1/inspect/{ref}`: what is in an image, without downloading it. */

import type { z } from "@hono/zod-openapi";
import { RegistryError } from "../errors.ts";
import { type Inspection, inspectBlob } from "../inspect/inspection.ts";
import { judgeSignatures } from "../inspect/judge-signatures.ts";
import { findImage } from "../repository/image.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { cacheControl } from "./cache-control.ts";
import { InspectAnswer } from "./inspect-schema.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { json, problems } from "./responses.ts";
import { staleHeaders } from "./stale.ts";

/** The reports are read-only, which schemas know nothing of; `unknown` stays as it is. */
type DeepReadonly<T> = unknown extends T ? T : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

const route = {
  method: "get",
  path: "/v1/inspect/{ref}",
  group: "Images",
  summary: "See what is in an image without downloading it",
  description:
    "Reads the header and the metadata of the SIF file by ranges. Where the image is in the cache, the digests that its signatures were made over are compared with the file, the first time by reading all of it.",
  request: { params: referenceParams, query: architectureQuery },
  responses: {
    200: { description: "What is in it", content: { "application/json": { schema: InspectAnswer } } },
    ...problems(400, 401, 403, 404, 422, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addInspectRoute(app: App): void {
  addRoute(app, route, async (c) => {
    const { services } = c.var;
    const reference = referenceOf(c);
    const { shared, lent } = await authorize(c, "pull", reference);
    const image = await findImage(services, { reference, architecture: architectureOf(c), lent });
    const { digest, sizeBytes } = image.layer;
    const { registry, repository } = reference;
    const source = { registry, repository, credentials: lent };
    const inspection = await inspectBlob(services, { digest, sizeBytes, source }).catch(asDamage);
    const signatures = await judgeSignatures(services.config, inspection, Date.now());
    const { report, verified } = inspection;
    const answer = { digest, verified, ...report, signatures } satisfies DeepReadonly<
      z.infer<typeof InspectAnswer>
    >;
    // Never immutable: what is unverified will be verified, and keys come and go.
    const headers = {
      "Cache-Control": cacheControl({ shared, immutable: false }),
      ...staleHeaders(image.resolved),
    };
    return json(c, answer, 200, headers);
  });
}

/** A layer that calls itself a SIF and is none is as damaged as one whose header is broken elsewhere. */
function asDamage(error: unknown): Inspection {
  if (!(error instanceof RegistryError) || error.code !== "not-a-sif-file") throw error;
  throw new RegistryError("invalid-sif", error.message);
}
