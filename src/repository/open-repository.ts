/** One way to look into a repository, whoever's credentials it is read with. */

import { callObject } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { RegistryClient } from "../upstream/registry-client.ts";
import { LentRepository } from "./lent.ts";
import type { MemberBlob } from "./membership.ts";
import type { Resolver } from "./resolution.ts";

/** A repository as a request may see it. */
export interface RepositoryView extends Resolver {
  /** What is known of a blob that this repository names; `null` when it names no such blob. */
  blob(digest: Digest): Promise<(Pick<MemberBlob, "sizeBytes" | "mediaType"> & Partial<MemberBlob>) | null>;
}

/**
 * Looks into a repository: through its Durable Object with the service's own credentials, or past it with lent ones.
 * @throws {RegistryError} `registry-not-allowed`
 */
export function openRepository(
  services: Services,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): RepositoryView {
  const path = repositoryPath(location);
  if (lent === undefined) {
    const { repositories } = services;
    return {
      resolve: (wanted, options) =>
        callObject(() => repositories.getByName(path).resolve(path, wanted, options)),
      blob: (digest) => callObject(() => repositories.getByName(path).blob(path, digest)),
    };
  }
  const upstream = services.config.upstreams.get(location.registry);
  if (upstream === undefined) {
    throw new RegistryError(
      "registry-not-allowed",
      `Cannot use lent credentials for "${location.registry}": it is no configured upstream registry`,
    );
  }
  return new LentRepository({
    client: new RegistryClient(upstream, { credentials: lent, idleMs: services.config.upstreamIdleMs }),
    manifests: services.manifests,
    path,
    repository: location.repository,
  });
}
