/** Asking whether a request may do what it asks for. */

import { type Caller, authenticate } from "../access/caller.ts";
import { isPublic, requireAdmin, requirePermission } from "../access/permissions.ts";
import type { Scope } from "../config.ts";
import type { AppContext } from "../context.ts";
import type { RepositoryPath } from "../oci/reference.ts";
import { type UpstreamCredentials, parseRegistryAuth } from "../upstream/credentials.ts";
import { curbLookups } from "./rate-limit.ts";

/** Docker's header for credentials that a request lends. */
const REGISTRY_AUTH = "X-Registry-Auth";

/** A request that may do what it asks for. */
export interface Authorized {
  readonly caller: Caller;
  /** Whether anyone may read the repository through this service, so that shared caches may keep the answer. */
  readonly shared: boolean;
  /** Upstream credentials of the request's own. */
  readonly lent: UpstreamCredentials | undefined;
}

/**
 * Checks credentials and permission.
 * @throws {RegistryError} `unauthorized`, `forbidden`, `registry-not-allowed`; `invalid-request` for an
 *   `X-Registry-Auth` that cannot be read.
 */
export async function authorize(c: AppContext, scope: Scope, location: RepositoryPath): Promise<Authorized> {
  const caller = await authenticate(c.req.raw.headers, c.var.services.config, Date.now());
  c.set("caller", caller.name);
  return permit(c, caller, scope, location);
}

/**
 * Checks permission of a caller who is known already.
 * @throws {RegistryError} see {@link authorize}
 */
export function permit(c: AppContext, caller: Caller, scope: Scope, location: RepositoryPath): Authorized {
  const { config } = c.var.services;
  curbLookups(c);
  requirePermission(caller, scope, location, config);
  const lent = lentCredentials(c);
  return { caller, shared: lent === undefined && isPublic(location.registry, config), lent };
}

/**
 * Upstream credentials that a request brings.
 * @throws {RegistryError} `invalid-request` for a header that cannot be read
 */
export function lentCredentials(c: AppContext): UpstreamCredentials | undefined {
  const header = c.req.header(REGISTRY_AUTH);
  return header === undefined ? undefined : parseRegistryAuth(header);
}

/**
 * Checks that the caller administers the whole service.
 * @throws {RegistryError} `unauthorized`, `forbidden`
 */
export async function authorizeAdmin(c: AppContext): Promise<void> {
  const caller = await authenticate(c.req.raw.headers, c.var.services.config, Date.now());
  c.set("caller", caller.name);
  requireAdmin(caller);
}
