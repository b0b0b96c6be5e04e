/**
 * Scopes of Docker's token flow, `type:name:action,action`: what a client asks `/token` for.
 * https://distribution.github.io/distribution/spec/auth/scope/
 */

import { RegistryError } from "../errors.ts";
import { type RepositoryPath, parseRepositoryPath, repositoryPath } from "../oci/reference.ts";

/** What may be asked for of one repository. Deleting is part of `push`. */
export type RepositoryAction = "pull" | "push";

/** What a client asks for. */
export interface RequestedAccess {
  /** Actions by `registry/repository`. */
  readonly repositories: ReadonlyMap<string, ReadonlySet<RepositoryAction>>;
  /** Whether the list of repositories is asked for. */
  readonly catalog: boolean;
}

/** More than any client asks for at once; with the longest names it still makes a token that fits a header. */
const MAX_SCOPES = 16;

const MEANINGS: Readonly<Record<string, readonly RepositoryAction[]>> = {
  pull: ["pull"],
  push: ["push"],
  delete: ["push"],
  "*": ["pull", "push"],
};

/**
 * Reads scopes. What this service does not know is left out, as the flow has it: a client learns of it when it is
 * refused, not when it asks.
 * @param texts the values of each `scope` parameter; one may hold several scopes between spaces.
 * @throws {RegistryError} `invalid-request` when there are too many.
 */
export function parseScopes(texts: readonly string[]): RequestedAccess {
  const scopes = texts.flatMap((text) => text.split(" ")).filter((scope) => scope !== "");
  if (scopes.length > MAX_SCOPES) {
    throw new RegistryError(
      "invalid-request",
      `Cannot make a token: ${scopes.length} scopes were asked for, at most ${MAX_SCOPES} are allowed`,
    );
  }
  const repositories = new Map<string, Set<RepositoryAction>>();
  let catalog = false;
  for (const scope of scopes) {
    // The name may hold a colon, before a port; type and actions may not.
    const match = /^([^:]+):(.+):([^:]*)$/.exec(scope);
    const [type, name, actions] = [match?.[1], match?.[2] ?? "", match?.[3]?.split(",") ?? []];
    if (type === "registry" && name === "catalog" && actions.includes("*")) catalog = true;
    const path = type === "repository" ? readPath(name) : undefined;
    if (path === undefined) continue;
    const known = repositories.get(path) ?? new Set();
    for (const action of actions) {
      for (const meaning of Object.hasOwn(MEANINGS, action) ? (MEANINGS[action] ?? []) : [])
        known.add(meaning);
    }
    repositories.set(path, known);
  }
  return { repositories, catalog };
}

/** The scope of a challenge for a repository. Whoever pushes reads too: clients look first for what is there. */
export function repositoryScope(target: RepositoryPath, action: RepositoryAction): string {
  return `repository:${repositoryPath(target)}:${action === "push" ? "pull,push" : "pull"}`;
}

/** The scope of a challenge for the list of repositories. */
export const CATALOG_SCOPE = "registry:catalog:*";

function readPath(name: string): string | undefined {
  try {
    return repositoryPath(parseRepositoryPath(name));
  } catch {
    return undefined;
  }
}
