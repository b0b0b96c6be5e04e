/**
 * Refresh tokens: what a client keeps after `login` instead of the access token itself. Good for nothing but `/token`,
 * where it stands for its owner with all that they may do by then.
 *
 * It is made with a key that follows from the access token's hash, so it ends when that is removed or replaced.
 */

import { z } from "zod";
import type { Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { signJwt, verifyJwt } from "./compact-jwt.ts";
import { type Caller, ownGrants } from "./grant.ts";
import { findRegistryTokenKey, registryTokenKey } from "./registry-token-key.ts";

/** RFC 8725 section 3.11: what tells such a token from one for `/v2` and from a link. */
const TYPE = "sif-edge-refresh+jwt";
const AUDIENCE = "sif-edge/token";

/** Clients keep it without a word to their users, so that it should not end while they use it; but it should end. */
const LIFETIME_SECONDS = 180 * 24 * 3600;

const CLAIMS = z.strictObject({
  aud: z.literal(AUDIENCE),
  /** The name of the access token. */
  sub: z.string(),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  jti: z.string(),
});

type Claims = z.infer<typeof CLAIMS>;

/**
 * Makes a refresh token for someone who has just signed in with an access token; `undefined` for an anonymous caller.
 */
export async function issueRefreshToken(
  caller: Caller,
  config: Config,
  nowMs: number,
): Promise<string | undefined> {
  const owner = caller.name === undefined ? undefined : config.accessTokens.get(caller.name);
  if (owner === undefined) return undefined;
  const iat = Math.floor(nowMs / 1000);
  const claims: Claims = {
    aud: AUDIENCE,
    sub: owner.name,
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti: crypto.randomUUID(),
  };
  const kid = config.linkKeys[0]?.id;
  return signJwt(claims, { typ: TYPE, kid, key: await registryTokenKey(kid, owner, config) });
}

/**
 * Who a refresh token was made for, with what they may do now.
 * @throws {RegistryError} `unauthorized`
 */
export async function verifyRefreshToken(token: string, config: Config, nowMs: number): Promise<Caller> {
  const payload = await verifyJwt(token, {
    typ: TYPE,
    findKey: (unverified) => findRegistryTokenKey(unverified, config),
  });
  const claims = CLAIMS.safeParse(payload);
  const owner = claims.success ? config.accessTokens.get(claims.data.sub) : undefined;
  const endsMs = Math.min((claims.data?.exp ?? 0) * 1000, owner?.expiresAtMs ?? Number.POSITIVE_INFINITY);
  if (owner === undefined || nowMs >= endsMs) {
    throw new RegistryError(
      "unauthorized",
      "Cannot use the refresh token: it has ended, or was not given here; sign in again",
    );
  }
  return { name: owner.name, grants: ownGrants(owner) };
}
