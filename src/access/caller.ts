/** Finding out who is asking. */

import type { AccessToken, Config } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { quote } from "../oci/quote.ts";
import { type PresentedToken, parseAuthorization } from "./authorization-header.ts";
import { looksLikeJwt } from "./compact-jwt.ts";
import { equalInConstantTime } from "./constant-time.ts";
import { ANONYMOUS, type Caller, ownGrants } from "./grant.ts";
import { verifyRegistryToken } from "./registry-token.ts";

export { ANONYMOUS, type Caller, type Grant } from "./grant.ts";

/**
 * Who is asking: by an access token as Bearer or as Basic with its name, or by a token that `/token` gave.
 * Without credentials it is an anonymous caller; with wrong ones it is an error, even where none are needed, so that
 * a client learns of it.
 * @throws {RegistryError} `unauthorized` for a malformed header and for a wrong or expired token.
 */
export async function authenticate(headers: Headers, config: Config, nowMs: number): Promise<Caller> {
  const header = headers.get("authorization");
  if (header === null) return ANONYMOUS;
  const presented = parseAuthorization(header);
  const token = await findToken(presented, config);
  // First, because an access token may have the form of a JWT.
  if (token === undefined && presented.name === undefined && looksLikeJwt(presented.token)) {
    return verifyRegistryToken(presented.token, config, nowMs);
  }
  return ownerOf(token, nowMs);
}

/**
 * Who is asking, by an access token and by nothing else.
 * @throws {RegistryError} `unauthorized` for a wrong or expired token.
 */
export async function authenticateAs(
  presented: PresentedToken,
  config: Config,
  nowMs: number,
): Promise<Caller> {
  return ownerOf(await findToken(presented, config), nowMs);
}

function ownerOf(token: AccessToken | undefined, nowMs: number): Caller {
  if (token === undefined) {
    throw new RegistryError(
      "unauthorized",
      "Cannot sign in: this access token is not known here, or does not belong to the name that came with it",
    );
  }
  if (token.expiresAtMs !== undefined && nowMs >= token.expiresAtMs) {
    const when = new Date(token.expiresAtMs).toISOString();
    throw new RegistryError(
      "unauthorized",
      `Cannot sign in: the access token ${quote(token.name)} expired at ${when}`,
    );
  }
  return { name: token.name, grants: ownGrants(token) };
}

/** Looks at every access token, whether or not one was found, so that the time it takes tells nothing. */
async function findToken(presented: PresentedToken, config: Config): Promise<AccessToken | undefined> {
  const bytes = new TextEncoder().encode(presented.token);
  const sha256 = toHex(await crypto.subtle.digest("SHA-256", bytes));
  let found: AccessToken | undefined;
  for (const token of config.accessTokens.values()) {
    const named = presented.name === undefined || equalInConstantTime(presented.name, token.name);
    if (equalInConstantTime(sha256, token.sha256) && named) found = token;
  }
  return found;
}

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
