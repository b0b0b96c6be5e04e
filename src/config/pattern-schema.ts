/** How an access token names repositories in the settings. */

import { z } from "zod";
import { parseRepositoryPath, repositoryPath } from "../oci/reference.ts";

const EXAMPLE = "such as ghcr.io/org/*";

/**
 * A pattern of `registry/repository` in which `*` stands for any text, slashes included. One that could match no
 * repository is refused, since it is a mistake that would show only as a refusal somewhere else. Without `*` it is a
 * repository, and `docker.io/<name>` means `docker.io/library/<name>` as it does in a reference.
 */
export const PATTERN_SCHEMA = z
  .string({ error: `expected a repository pattern ${EXAMPLE}` })
  .regex(/^[a-z0-9._:/*-]{1,512}$/, {
    error: `expected a repository pattern ${EXAMPLE}, of lower-case letters, digits and . _ - : / * only`,
    abort: true,
  })
  .refine((text) => !text.startsWith("/") && !text.endsWith("/") && !text.includes("//"), {
    error: `expected a repository pattern ${EXAMPLE}, without a scheme and without an empty part`,
    abort: true,
  })
  .transform((text, context) => {
    if (text.includes("*")) return text;
    try {
      return repositoryPath(parseRepositoryPath(text));
    } catch {
      context.addIssue(`expected registry/repository, or a pattern ${EXAMPLE}`);
      return z.NEVER;
    }
  });
