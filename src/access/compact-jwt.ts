/**
 * JWTs of this service's own (RFC 7519), after the advice of RFC 8725: one algorithm that no token has a say in
 * (section 3.1), an explicit type so that one kind never passes for another (3.11), and one text only per token.
 */

import { CompactSign, base64url, compactVerify, decodeJwt, decodeProtectedHeader } from "jose";
import { z } from "zod";

const ALGORITHM = "HS256";

/** Above any token that this service makes: its parts are bounded by the names that it carries. */
const MAX_TOKEN_CHARACTERS = 8192;

/** The signature of HS256 is 32 bytes: 43 characters. */
const SHAPE = /^[\w-]+\.[\w-]+\.(?<signature>[\w-]{43})$/;

const HEADER = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.string(),
  kid: z.string().optional(),
});

/** What a token says of itself before its signature has been checked: good for finding its key, and for nothing else. */
export interface UnverifiedJwt {
  /** The id of the key that it claims to be signed with. */
  readonly kid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** How to sign a token. */
export interface SignJwtOptions {
  /** The kind of token: the media type of its header, without `application/`. */
  readonly typ: string;
  readonly kid: string | undefined;
  /** At least 32 bytes. */
  readonly key: Uint8Array;
}

/** How to check a token. */
export interface VerifyJwtOptions {
  /** The one kind of token to take. */
  readonly typ: string;
  /** Finds the key; gives `undefined` where there is none, which refuses the token. */
  readonly findKey: (unverified: UnverifiedJwt) => Promise<Uint8Array | undefined>;
}

/** Whether a text has the form of such a token; says nothing of what it holds. */
export function looksLikeJwt(text: string): boolean {
  return text.length <= MAX_TOKEN_CHARACTERS && SHAPE.test(text);
}

/** A token with these claims, in compact form. */
export function signJwt(claims: Readonly<Record<string, unknown>>, options: SignJwtOptions): Promise<string> {
  const { typ, kid, key } = options;
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: ALGORITHM, typ, ...(kid === undefined ? {} : { kid }) })
    .sign(key);
}

/**
 * The claims of a token whose signature and type are right. Its claims are not looked at: neither time nor audience.
 * @returns `undefined` for any other text; which of the reasons it was is of use to a forger only.
 */
export async function verifyJwt(
  token: string,
  options: VerifyJwtOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
  const signature = SHAPE.exec(token)?.groups?.["signature"];
  if (signature === undefined || !isCanonical(signature)) return undefined;
  try {
    const header = HEADER.parse(decodeProtectedHeader(token));
    if (header.typ !== options.typ) return undefined;
    const claims = decodeJwt(token);
    const key = await options.findKey({ kid: header.kid, claims });
    if (key === undefined) return undefined;
    await compactVerify(token, key, { algorithms: [ALGORITHM] });
    return claims;
  } catch {
    return undefined;
  }
}

/** The last character of a signature has two bits to spare, which decoding ignores: only one of four spellings is right. */
function isCanonical(signature: string): boolean {
  return base64url.encode(base64url.decode(signature)) === signature;
}
