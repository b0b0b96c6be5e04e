/** What the descriptions of routes under `/v2` have in common. */

import { z } from "@hono/zod-openapi";
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from "../../oci/media-types.ts";
import { NAMESPACE_QUERY } from "./name.ts";

/** Path parameter `name`. */
export const nameParams = z.object({
  name: z.string().openapi({
    param: { name: "name", in: "path" },
    description: "`<registry>/<repository>`, slashes included.",
    example: "ghcr.io/org/image",
  }),
});

/** Path parameters `name` and `digest`. */
export const digestParams = nameParams.extend({
  digest: z.string().openapi({ param: { name: "digest", in: "path" }, example: `sha256:${"0".repeat(64)}` }),
});

/** Path parameters `name` and `reference`. */
export const manifestParams = nameParams.extend({
  reference: z.string().openapi({
    param: { name: "reference", in: "path" },
    description: "A tag or a digest.",
    example: "1.0",
  }),
});

/** The query that each route with a `name` takes. */
export const namespaceQuery = z.object({
  [NAMESPACE_QUERY]: optionalQuery(NAMESPACE_QUERY, "The registry, where `name` is the repository alone."),
});

/** The query by which a list is paged. */
export const listQuery = z.object({
  n: optionalQuery("n", "Entries at most."),
  last: optionalQuery("last", "Where the page before ended; best taken from its `Link`."),
});

/** One parameter of a query. It takes any text: what is wrong with it the route says, as the specification wants it. */
export function optionalQuery(name: string, description: string): z.ZodOptional<z.ZodString> {
  return z
    .string()
    .optional()
    .openapi({ param: { name, in: "query" }, description });
}

/** Any bytes. */
export const BYTES = {
  "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
} as const;

const ANY_OBJECT = { schema: z.looseObject({}) } as const;

/** An index of OCI's. */
export const INDEX = { [OCI_INDEX]: ANY_OBJECT } as const;

/** A manifest or an index: of OCI's kind, of Docker's, or of any other. */
export const MANIFEST = {
  [OCI_MANIFEST]: ANY_OBJECT,
  ...INDEX,
  [DOCKER_MANIFEST]: ANY_OBJECT,
  [DOCKER_MANIFEST_LIST]: ANY_OBJECT,
  "*/*": ANY_OBJECT,
} as const;
