/** The `<name>` of a request under `/v2`. */

import type { AppContext } from "../../context.ts";
import { type RepositoryPath, parseRegistryName, parseRepositoryPath } from "../../oci/reference.ts";

/**
 * The query by which a client that uses this service as a mirror names the registry that it means: OCI distribution
 * specification 1.1, section "Registry Proxying".
 */
export const NAMESPACE_QUERY = "ns";

/**
 * The repository that a request is about: `<name>` is `<registry>/<repository>`, or the repository alone where the query
 * names the registry. A mirror that is configured with the registry's name in its path says both, and means it once.
 * @throws {RegistryError} `invalid-reference`
 */
export function repositoryOf(c: AppContext): RepositoryPath {
  const name = nameOf(c);
  const namespace = c.req.query(NAMESPACE_QUERY);
  if (namespace === undefined) return parseRepositoryPath(name);
  const prefix = `${parseRegistryName(namespace)}/`;
  return parseRepositoryPath(name.startsWith(prefix) ? name : prefix + name);
}

/** `<name>` as the client has it. */
export function nameOf(c: AppContext): string {
  return c.req.param("name") ?? "";
}
