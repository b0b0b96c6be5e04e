/**
 * The keys of the JWTs that `/token` gives.
 *
 * Each follows from a key for links, where there is one, and the stored hash of the access token that was exchanged.
 * Hence this service needs no further secret, and a new key for links does not break a push that is under way as long
 * as the old one is listed. Without keys for links the hash alone makes the key. Whoever knows that hash (its owner,
 * or a reader of `ACCESS_TOKENS`) could then make such tokens: the former gains nothing by it, and the latter is kept
 * out by a key in `LINK_KEYS`. What an anonymous caller gets protects nothing, whatever its key is.
 */

import { base64url } from "jose";
import type { AccessToken, Config } from "../config.ts";
import type { UnverifiedJwt } from "./compact-jwt.ts";

/** RFC 5869 section 3.2: what tells this use of a key from any other. */
const INFO = new TextEncoder().encode("sif-edge registry token");

/**
 * The key for tokens of an access token's owner.
 * @param kid the key for links that it follows from; `undefined` where links are not configured.
 * @param owner `undefined` for an anonymous caller.
 * @returns 32 bytes.
 */
export async function registryTokenKey(
  kid: string | undefined,
  owner: AccessToken | undefined,
  config: Config,
): Promise<Uint8Array> {
  const secret = config.linkKeys.find(({ id }) => id === kid)?.secret ?? "";
  // The hash, or as many zeros, comes last: where the secret ends is never in doubt.
  const material = [...base64url.decode(secret), ...hexBytes(owner?.sha256 ?? "0".repeat(64))];
  const key = await crypto.subtle.importKey("raw", Uint8Array.from(material), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: INFO };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

/**
 * The key that a token claims to be signed with.
 * @returns `undefined` where the key for links or the access token is not there any more.
 */
export async function findRegistryTokenKey(
  { kid, claims }: UnverifiedJwt,
  config: Config,
): Promise<Uint8Array | undefined> {
  const known =
    kid === undefined ? config.linkKeys.length === 0 : config.linkKeys.some(({ id }) => id === kid);
  const name = claims["sub"];
  const owner = typeof name === "string" ? config.accessTokens.get(name) : undefined;
  if (!known || (name !== undefined && owner === undefined)) return undefined;
  return registryTokenKey(kid, owner, config);
}

function hexBytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
