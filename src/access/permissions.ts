/**
 * What a caller may do. Decided from the settings alone, before anything is asked about an image, so that no answer
 * tells whether one exists.
 */

import { type Access, type Config, LOCAL_REGISTRY, type Scope } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { quote } from "../oci/quote.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import { type Caller, isGranted, ownGrants } from "./grant.ts";

/** A path that no repository has: only the pattern `*` is for it. */
const EVERYTHING = "*";

/** What each scope allows, for messages. */
const ACTIONS: Readonly<Record<Scope, string>> = {
  pull: "read",
  push: "change",
  link: "make links for",
  admin: "manage the cache of",
};

/**
 * Refuses what a caller may not do. Reading what is public is for everyone; all else needs a token with the scope.
 * @throws {RegistryError} `registry-not-allowed` for a registry that is not configured, `unauthorized` when other
 * credentials may help, `forbidden` when the caller's are right but not for this.
 */
export function requirePermission(
  caller: Caller,
  scope: Scope,
  target: RepositoryPath,
  config: Config,
): void {
  const access = requireRegistry(target.registry, config);
  if (scope === "pull" && access === "public") return;
  const path = repositoryPath(target);
  if (isGranted(caller.grants, scope, path)) return;

  const what = `Cannot ${ACTIONS[scope]} ${quote(path)}`;
  if (caller.name === undefined) {
    throw new RegistryError(
      "unauthorized",
      `${what}: it needs an access token with the scope "${scope}" for it`,
    );
  }
  if (withheld(caller.name, scope, path, config)) {
    throw new RegistryError(
      "unauthorized",
      `${what}: the token from /token was made for something else; ask for one with this scope`,
    );
  }
  throw new RegistryError(
    "forbidden",
    `${what}: the access token ${quote(caller.name)} does not have the scope "${scope}" for it`,
  );
}

/**
 * Who may read a registry's repositories.
 * @throws {RegistryError} `registry-not-allowed` for a registry that is not configured.
 */
export function requireRegistry(registry: string, config: Config): Access {
  const access = accessOf(registry, config);
  if (access !== undefined) return access;
  const open = [...config.upstreams.values()].filter((upstream) => upstream.access === "public");
  const hint = open.length === 0 ? "" : `; open to all are ${open.map(({ name }) => name).join(", ")}`;
  throw new RegistryError(
    "registry-not-allowed",
    `Cannot use registry ${quote(registry)}: it is not configured here${hint}`,
  );
}

/**
 * Refuses whoever does not administer the whole: it takes the scope `admin` for `*`.
 * @throws {RegistryError} `unauthorized` without credentials, else `forbidden`.
 */
export function requireAdmin(caller: Caller): void {
  if (isGranted(caller.grants, "admin", EVERYTHING)) return;
  const needed = `Cannot see the service's state: it needs an access token with the scope "admin" for "${EVERYTHING}"`;
  if (caller.name === undefined) throw new RegistryError("unauthorized", needed);
  throw new RegistryError("forbidden", `${needed}, which ${quote(caller.name)} is not`);
}

/** Whether a caller may read a repository; false also for a registry that is not configured. */
export function canPull(caller: Caller, target: RepositoryPath, config: Config): boolean {
  const access = accessOf(target.registry, config);
  if (access === undefined) return false;
  return access === "public" || isGranted(caller.grants, "pull", repositoryPath(target));
}

/** Whether a caller may be told that a repository is there: in a catalog or a search. */
export function canList(caller: Caller, target: RepositoryPath, config: Config): boolean {
  if (canPull(caller, target, config)) return true;
  const known = accessOf(target.registry, config) !== undefined;
  return known && isGranted(caller.grants, "list", repositoryPath(target));
}

/** Whether there may be a repository of a registry that a caller may be told of; where not, it need not be asked. */
export function canListSome(caller: Caller, registry: string, config: Config): boolean {
  const access = accessOf(registry, config);
  if (access === undefined) return false;
  return (
    access === "public" ||
    caller.grants.some(({ actions }) => actions.includes("pull") || actions.includes("list"))
  );
}

/** Whether everyone may read a registry, so that shared caches may keep what it answers. */
export function isPublic(registry: string, config: Config): boolean {
  return accessOf(registry, config) === "public";
}

/**
 * Whether nobody can sign in and nobody has to: every upstream is public, and there are no access tokens. The
 * service's own repositories do not count, because without tokens nothing gets into them, or out of private ones.
 */
export function isOpenToAll(config: Config): boolean {
  return (
    config.accessTokens.size === 0 &&
    config.upstreams.values().every((upstream) => upstream.access === "public")
  );
}

function accessOf(registry: string, config: Config): Access | undefined {
  return registry === LOCAL_REGISTRY ? config.localAccess : config.upstreams.get(registry)?.access;
}

/** Whether the caller's access token itself would do, so that only the token that it was exchanged for is too narrow. */
function withheld(name: string, scope: Scope, path: string, config: Config): boolean {
  const token = config.accessTokens.get(name);
  return token !== undefined && isGranted(ownGrants(token), scope, path);
}
