/** One way to look into a repository, whoever's credentials it is read with. */

import { callObject } from "../call-object.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { upstreamClient } from "./upstream-client.ts";
import { LentRepository } from "./lent.ts";
import type { Resolver } from "./resolution.ts";

/**
 * Looks into a repository: through its Durable Object with the service's own credentials, or past it with lent ones.
 * @throws {RegistryError} `registry-not-allowed`; `rate-limited` for lent ones
 */
export function openRepository(
  services: Services,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): Resolver {
  const path = repositoryPath(location);
  if (lent === undefined) {
    const { repositories, lookups } = services;
    const { knownOnly } = lookups;
    return {
      resolve: (wanted, options) =>
        services.timings.measure(
          "resolve",
          callObject(() => repositories.getByName(path).resolve(path, wanted, { ...options, knownOnly })),
        ),
      blob: (digest) => callObject(() => repositories.getByName(path).blob(path, digest, { knownOnly })),
    };
  }
  // Nothing is known of what lent credentials open: the upstream is asked each time.
  services.lookups.requireAny();
  return new LentRepository({
    client: upstreamClient(services.config, location.registry, lent),
    manifests: services.manifests,
    path,
    repository: location.repository,
  });
}
