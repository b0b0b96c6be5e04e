/** The `{ref}` at the end of a path, and the query that goes with it. */

import { z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { type Reference, parseReference } from "../oci/reference.ts";

/** Path parameter `ref`. */
export const referenceParams = z.object({
  ref: z.string().openapi({
    param: { name: "ref", in: "path" },
    description:
      "`<registry>/<repository>[:<tag>][@<digest>]`, slashes included; the tag is `latest` when neither is given, and the digest wins when both are.",
    example: "ghcr.io/org/image:1.0",
  }),
});

/** Query parameter `arch`. */
export const architectureQuery = z.object({
  arch: z
    .string()
    .regex(/^[a-z0-9]{1,32}$/, "expected an architecture in Go's names, such as arm64")
    .optional()
    .openapi({
      param: { name: "arch", in: "query" },
      description: "Architecture to pick from an index, in Go's names; `DEFAULT_ARCH` when left out.",
      example: "arm64",
    }),
});

/**
 * The reference of a request.
 * @throws {RegistryError} `invalid-reference`
 */
export function referenceOf(c: AppContext): Reference {
  return parseReference(c.req.param("ref") ?? "");
}

/** The architecture that a request wants. */
export function architectureOf(c: AppContext): string {
  return c.req.query("arch") ?? c.var.services.config.defaultArch;
}
