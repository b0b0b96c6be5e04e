/** Asking whether a request under `/v2` may do what it asks for, and telling OCI clients how to sign in where not. */

import { type Caller, authenticate } from "../../access/caller.ts";
import { wwwAuthenticate } from "../../access/challenge.ts";
import { repositoryScope } from "../../access/token-scope.ts";
import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { RepositoryPath } from "../../oci/reference.ts";
import { type Authorized, permit } from "../authorized.ts";

/**
 * Checks credentials and permission for one repository, as `authorize` does under `/v1`.
 * @throws {RegistryError} `unauthorized` with a challenge that names the scope; `forbidden`, `registry-not-allowed`.
 */
export async function authorizeV2(
  c: AppContext,
  action: "pull" | "push",
  location: RepositoryPath,
): Promise<Authorized> {
  const scope = repositoryScope(location, action);
  const caller = await signIn(c, scope);
  try {
    return permit(c, caller, action, location);
  } catch (error) {
    throw challenged(c, error, scope, "insufficient_scope");
  }
}

/**
 * Who is asking.
 * @param scope what their request needs, for the challenge
 * @throws {RegistryError} `unauthorized` with a challenge
 */
export async function signIn(c: AppContext, scope: string | undefined): Promise<Caller> {
  try {
    const caller = await authenticate(c.req.raw.headers, c.var.services.config, Date.now());
    c.set("caller", caller.name);
    return caller;
  } catch (error) {
    throw challenged(c, error, scope, "invalid_token");
  }
}

/** Whether a request says who is asking, be it an anonymous caller with a token from `/token`. */
export function hasCredentials(c: AppContext): boolean {
  return c.req.header("Authorization") !== undefined;
}

/** The refusal of a request without credentials, where signing in may show more. */
export function credentialsNeeded(c: AppContext, action: string, scope?: string): RegistryError {
  return new RegistryError("unauthorized", `Cannot ${action} without credentials: ask /token for a token`, {
    headers: { "WWW-Authenticate": challenge(c, scope) },
  });
}

/** An error, with a challenge where it is one that credentials may help against. */
function challenged(
  c: AppContext,
  error: unknown,
  scope: string | undefined,
  fault: "invalid_token" | "insufficient_scope",
): unknown {
  if (!(error instanceof RegistryError) || error.code !== "unauthorized") return error;
  return new RegistryError(error.code, error.message, {
    cause: error,
    headers: { "WWW-Authenticate": challenge(c, scope, hasCredentials(c) ? fault : undefined) },
  });
}

function challenge(
  c: AppContext,
  scope: string | undefined,
  error?: "invalid_token" | "insufficient_scope",
): string {
  return wwwAuthenticate({ kind: "bearer", origin: new URL(c.req.url).origin, scope, error });
}
