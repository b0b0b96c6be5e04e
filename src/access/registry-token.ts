/**
 * The JWTs that `/token` gives to OCI clients in exchange for an access token, or for nothing.
 *
 * Such a token only ever narrows what its owner may do: each time it comes, its owner is looked up again in the
 * settings, and what it says is cut down to what they may do by then. So removing, replacing or letting expire an
 * access token ends all that were made of it, and one of an anonymous caller gives what everyone has.
 */

import { z } from "zod";
import type { Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { isRepositoryPath } from "../oci/reference.ts";
import { signJwt, verifyJwt } from "./compact-jwt.ts";
import { type Action, type Caller, type Grant, isGranted, ownGrants } from "./grant.ts";
import { findRegistryTokenKey, registryTokenKey } from "./registry-token-key.ts";
import type { RequestedAccess } from "./token-scope.ts";

/** RFC 8725 section 3.11: what tells such a token from a link. */
const TYPE = "sif-edge-registry+jwt";
const AUDIENCE = "sif-edge/registry";

/**
 * Clients do not repeat the body of a push when their token runs out under way, so it has to outlive the upload of a
 * large image over a slow line. It may be this long because it ends with its access token in any case.
 */
const LIFETIME_SECONDS = 6 * 3600;

/** A token for a client of `/v2`, with what the answer of `/token` says of it. */
export interface RegistryToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly issuedAt: Date;
}

const CLAIMS = z.strictObject({
  aud: z.literal(AUDIENCE),
  /** The name of the access token; an anonymous caller has none. */
  sub: z.string().optional(),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  jti: z.string(),
  access: z.array(
    z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("repository"),
        // No pattern: what a token names becomes part of a grant.
        name: z.string().refine(isRepositoryPath),
        actions: z.array(z.enum(["pull", "push"])),
      }),
      z.strictObject({
        type: z.literal("registry"),
        name: z.literal("catalog"),
        actions: z.tuple([z.literal("*")]),
      }),
    ]),
  ),
});

type Claims = z.infer<typeof CLAIMS>;

/**
 * Makes a token for what was asked, as far as the caller was granted it; what anyone may do needs no mention.
 * @param caller someone who has just signed in with an access token, or an anonymous caller.
 */
export async function issueRegistryToken(
  caller: Caller,
  requested: RequestedAccess,
  config: Config,
  nowMs: number,
): Promise<RegistryToken> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const owner = caller.name === undefined ? undefined : config.accessTokens.get(caller.name);
  const ownerEnds = Math.floor((owner?.expiresAtMs ?? Number.POSITIVE_INFINITY) / 1000);
  const exp = Math.min(nowSeconds + LIFETIME_SECONDS, ownerEnds);
  const claims: Claims = {
    aud: AUDIENCE,
    ...(owner === undefined ? {} : { sub: owner.name }),
    iat: nowSeconds,
    exp,
    jti: crypto.randomUUID(),
    access: grantedAccess(caller, requested),
  };
  const kid = config.linkKeys[0]?.id;
  const token = await signJwt(claims, { typ: TYPE, kid, key: await registryTokenKey(kid, owner, config) });
  return { token, expiresInSeconds: Math.max(0, exp - nowSeconds), issuedAt: new Date(nowSeconds * 1000) };
}

/**
 * Who a token was made for, with what it says they may do and they still may.
 * @throws {RegistryError} `unauthorized`
 */
export async function verifyRegistryToken(token: string, config: Config, nowMs: number): Promise<Caller> {
  const payload = await verifyJwt(token, {
    typ: TYPE,
    findKey: (unverified) => findRegistryTokenKey(unverified, config),
  });
  const claims = CLAIMS.safeParse(payload);
  if (!claims.success) {
    throw new RegistryError(
      "unauthorized",
      "Cannot use the bearer token: it is neither an access token nor one that /token gave; sign in again",
    );
  }
  const { sub, exp, access } = claims.data;
  const owner = sub === undefined ? undefined : config.accessTokens.get(sub);
  if (nowMs >= exp * 1000 || nowMs >= (owner?.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
    throw new RegistryError(
      "unauthorized",
      "Cannot use the bearer token: it has expired; ask /token for another",
    );
  }
  return { name: owner?.name, grants: owner === undefined ? [] : narrow(ownGrants(owner), access) };
}

function grantedAccess(caller: Caller, requested: RequestedAccess): Claims["access"] {
  const repositories = [...requested.repositories].map(([name, actions]) => ({
    type: "repository" as const,
    name,
    actions: [...actions].filter((action) => isGranted(caller.grants, action, name)),
  }));
  const catalog = { type: "registry" as const, name: "catalog" as const, actions: ["*"] as ["*"] };
  return [
    ...repositories.filter(({ actions }) => actions.length > 0),
    ...(requested.catalog ? [catalog] : []),
  ];
}

/** The part of some grants that a token's claims speak of. */
function narrow(grants: readonly Grant[], access: Claims["access"]): readonly Grant[] {
  return access.flatMap((entry): readonly Grant[] => {
    if (entry.type === "registry") return grants.flatMap(toListing);
    const actions = entry.actions.filter((action) => isGranted(grants, action, entry.name));
    return [{ actions, repositories: [entry.name] }];
  });
}

function toListing({ actions, repositories }: Grant): readonly Grant[] {
  const list: Action = "list";
  return actions.includes("pull") ? [{ actions: [list], repositories }] : [];
}
