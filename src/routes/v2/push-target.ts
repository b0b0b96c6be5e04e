/** The repository that a request under `/v2` is to change. */

import type { Caller } from "../../access/caller.ts";
import type { AppContext } from "../../context.ts";
import { type RepositoryPath, repositoryPath } from "../../oci/reference.ts";
import type { UpstreamCredentials } from "../../upstream/credentials.ts";
import { authorizeV2 } from "./authorized.ts";
import { repositoryOf } from "./name.ts";

/** A repository, and who changes it. */
export interface PushTarget {
  readonly location: RepositoryPath;
  /** `registry/repository`. */
  readonly path: string;
  readonly caller: Caller;
  readonly lent: UpstreamCredentials | undefined;
}

/**
 * The repository of a request that may change it.
 * @throws {RegistryError} `invalid-reference`, `unauthorized`, `forbidden`, `registry-not-allowed`
 */
export async function pushTarget(c: AppContext): Promise<PushTarget> {
  const location = repositoryOf(c);
  const { caller, lent } = await authorizeV2(c, "push", location);
  return { location, path: repositoryPath(location), caller, lent };
}
