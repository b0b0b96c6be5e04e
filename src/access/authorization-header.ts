/** The `Authorization` header: RFC 9110 section 11.6.2, RFC 7617 (Basic) and RFC 6750 section 2.1 (Bearer). */

import { RegistryError } from "../errors.ts";

/** What a caller presents. */
export interface PresentedToken {
  /** Whose token it is to be; `undefined` for Bearer, which does not say. */
  readonly name: string | undefined;
  readonly token: string;
}

/** Far above any token of ours, far below what a platform lets pass. */
const MAX_HEADER_CHARACTERS = 16_384;

const BEARER = /^bearer +([\x21-\x7e]+)$/i;
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Reads `Bearer <token>` or `Basic <base64 of name:token>`.
 * @throws {RegistryError} `unauthorized` for anything else. The message repeats nothing of it, as it may be a secret.
 */
export function parseAuthorization(header: string): PresentedToken {
  if (header.length <= MAX_HEADER_CHARACTERS) {
    const bearer = BEARER.exec(header)?.[1];
    if (bearer !== undefined) return { name: undefined, token: bearer };
    const basic = BASIC.exec(header)?.[1];
    const presented = basic === undefined ? undefined : decodeBasic(basic);
    if (presented !== undefined) return presented;
  }
  throw new RegistryError(
    "unauthorized",
    'Cannot read the Authorization header: expected "Bearer" and an access token, or "Basic" and the base64 of its name, a colon and the token',
  );
}

function decodeBasic(base64: string): PresentedToken | undefined {
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(":");
  if (colon < 1 || colon === text.length - 1) return undefined;
  return { name: text.slice(0, colon), token: text.slice(colon + 1) };
}
