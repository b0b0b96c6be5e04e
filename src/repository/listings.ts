/** What a repository lists: its tags, and what refers to a manifest of it. Asked each time, of whoever keeps it. */

import { callObject } from "../call-object.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OCI_INDEX } from "../oci/media-types.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { ListOptions, Referrers, ReferrersOptions, TagPage } from "../upstream/registry-client.ts";
import type { ReferrersPage } from "./local-manifests.ts";
import type { RepositoryObject } from "./repository-object.ts";
import { upstreamClient } from "./upstream-client.ts";

/** What one answer of a repository's object lists. */
const MAX_LOCAL_PAGE = 1000;
/** More referrers of one manifest are not shown: nobody has so many. */
const MAX_REFERRER_PAGES = 20;

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
 * @throws {RegistryError} `registry-not-allowed`, `rate-limited`
 */
export function openListings(
  services: Services,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): Listings {
  if (location.registry === LOCAL_REGISTRY) return new LocalListings(services, location);
  services.lookups.requireAny();
  const { repository } = location;
  const client = upstreamClient(services.config, location.registry, lent);
  return {
    tags: async (options) => {
      const page = await client.listTags(repository, options);
      // The specification wants them in order, which registries without pages do not know either.
      const whole = page.next === undefined && options.last === undefined;
      return whole ? { tags: page.tags.toSorted() } : page;
    },
    referrers: (digest, options) => client.referrers(repository, digest, options),
  };
}

/** The lists of a repository that this service stores itself. */
class LocalListings implements Listings {
  readonly #services: Services;
  readonly #path: string;

  constructor(services: Services, location: RepositoryPath) {
    this.#services = services;
    this.#path = repositoryPath(location);
  }

  async tags({ n = MAX_LOCAL_PAGE, last = "" }: ListOptions): Promise<TagPage> {
    const limit = Math.min(n, MAX_LOCAL_PAGE);
    const tags = await callObject(() => this.#stub().listTags(this.#path, last, limit + 1));
    const shown = tags.slice(0, limit);
    const end = shown.at(-1);
    return tags.length > limit && end !== undefined
      ? { tags: shown, next: { n, last: end } }
      : { tags: shown };
  }

  async referrers(digest: Digest, { artifactType }: ReferrersOptions): Promise<Referrers> {
    const descriptors: string[] = [];
    let last: string | undefined = "";
    for (let pages = 0; last !== undefined && pages < MAX_REFERRER_PAGES; pages++) {
      const query = { artifactType, last, limit: MAX_LOCAL_PAGE };
      const page: ReferrersPage = await callObject(() => this.#stub().referrers(this.#path, digest, query));
      descriptors.push(...page.descriptors);
      last = page.next;
    }
    const text = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${descriptors.join()}]}`;
    return {
      bytes: new TextEncoder().encode(text),
      mediaType: OCI_INDEX,
      manifests: descriptors.map((descriptor) => JSON.parse(descriptor) as Descriptor),
    };
  }

  #stub(): DurableObjectStub<RepositoryObject> {
    return this.#services.repositories.getByName(this.#path);
  }
}
