/** The query by which a list is paged. */

import { z } from "@hono/zod-openapi";

/** `?n=&last=`, as in the distribution specification. */
export const pageQuery = z.object({
  n: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "expected a whole number, 1 or more")
    .optional()
    .openapi({ param: { name: "n", in: "query" }, description: "Entries at most." }),
  last: z
    .string()
    .optional()
    .openapi({
      param: { name: "last", in: "query" },
      description: "Where the page before ended; best taken from its `Link`.",
    }),
});
