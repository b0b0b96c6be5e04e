/** What a repository lists: its tags, and what refers to a manifest of it. Asked of its upstream each time. */

import { type Config, LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { OCI_INDEX } from "../oci/media-types.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { ListOptions, Referrers, ReferrersOptions, TagPage } from "../upstream/registry-client.ts";
import { upstreamClient } from "./upstream-client.ts";

/** The lists of one repository. */
export interface Listings {
  /**
   * A page of its tags.
   * @throws {RegistryError} `repository-unknown`, `upstream-denied`, or why the upstream could not answer.
   */
  tags(options: ListOptions): Promise<TagPage>;
  /**
   * The manifests that refer to a digest; none where the digest is not known.
   * @throws {RegistryError} `upstream-denied`, or why the upstream could not answer.
   */
  referrers(digest: Digest, options: ReferrersOptions): Promise<Referrers>;
}

/**
 * The lists of a repository, read with the service's own credentials or with lent ones.
 * @throws {RegistryError} `registry-not-allowed`
 */
export function openListings(
  config: Config,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): Listings {
  if (location.registry === LOCAL_REGISTRY) return new NoListings(location);
  const { repository } = location;
  const client = upstreamClient(config, location.registry, lent);
  return {
    tags: (options) => client.listTags(repository, options),
    referrers: (digest, options) => client.referrers(repository, digest, options),
  };
}

/** A repository that nothing was published to. */
class NoListings implements Listings {
  readonly #location: RepositoryPath;

  constructor(location: RepositoryPath) {
    this.#location = location;
  }

  // oxlint-disable-next-line typescript/require-await -- the same shape as a list that has to be asked for
  async tags(): Promise<TagPage> {
    throw new RegistryError(
      "repository-unknown",
      `Cannot list tags of "${repositoryPath(this.#location)}": there is no such repository`,
    );
  }

  // oxlint-disable-next-line typescript/require-await -- as above
  async referrers(): Promise<Referrers> {
    const empty = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    return { bytes: new TextEncoder().encode(JSON.stringify(empty)), mediaType: OCI_INDEX, manifests: [] };
  }
}
