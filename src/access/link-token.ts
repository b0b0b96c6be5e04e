/** The signed part of a download link: a JWT that says what may be downloaded, and until when. */

import { base64url } from "jose";
import { z } from "zod";
import type { Config, LinkKey } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { signJwt, verifyJwt } from "./compact-jwt.ts";

/** RFC 8725 section 3.11: what tells a link from this service's other tokens. */
const TYPE = "sif-edge-link+jwt";
const AUDIENCE = "sif-edge/link";

/** What a link is for. */
export interface NewLink {
  /** The link's id, by which it is listed and revoked. */
  readonly id: string;
  /** `registry/repository`. */
  readonly repository: string;
  /** The blob that it gives, whatever its tag may point to by then. */
  readonly digest: Digest;
  /** What the download is saved as. */
  readonly filename: string;
  /** Seconds since the epoch, whole. */
  readonly expiresAtSeconds: number;
}

/** What a link says. */
export interface LinkClaims extends NewLink {
  /** Seconds since the epoch, whole. */
  readonly issuedAtSeconds: number;
}

/** What a rightly signed link says, and whether its time is over: a download that resumes may go on then. */
export interface VerifiedLink extends LinkClaims {
  readonly expired: boolean;
}

const CLAIMS = z.strictObject({
  aud: z.literal(AUDIENCE),
  jti: z.string().min(1),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  repository: z.string().min(1),
  digest: z.custom<Digest>((value) => typeof value === "string" && isDigest(value)),
  filename: z.string().min(1),
});

/**
 * The keys for links, the signing one first.
 * @throws {RegistryError} `links-not-configured` when there are none.
 */
export function requireLinkKeys(config: Config): readonly [LinkKey, ...LinkKey[]] {
  const [first, ...rest] = config.linkKeys;
  if (first !== undefined) return [first, ...rest];
  throw new RegistryError(
    "links-not-configured",
    "Cannot use download links: this service has no keys to sign them with; its operator has to set LINK_KEYS",
  );
}

/**
 * The token of a new link, signed with the first key.
 * @throws {RegistryError} `links-not-configured`
 */
export async function signLink(link: NewLink, config: Config, nowMs: number): Promise<string> {
  const [key] = requireLinkKeys(config);
  const claims: z.input<typeof CLAIMS> = {
    aud: AUDIENCE,
    jti: link.id,
    iat: Math.floor(nowMs / 1000),
    exp: link.expiresAtSeconds,
    repository: link.repository,
    digest: link.digest,
    filename: link.filename,
  };
  return signJwt(claims, { typ: TYPE, kid: key.id, key: base64url.decode(key.secret) });
}

/**
 * Reads the token of a link that was signed with any of the keys. That it is over is no error here:
 * {@link checkLinkTime} decides once it is known whether a download resumes.
 * @throws {RegistryError} `links-not-configured`, or `link-invalid` when it differs from a signed one in any character.
 */
export async function verifyLink(token: string, config: Config, nowMs: number): Promise<VerifiedLink> {
  const keys = requireLinkKeys(config);
  const payload = await verifyJwt(token, {
    typ: TYPE,
    findKey: ({ kid }) => {
      const key = keys.find(({ id }) => id === kid);
      return Promise.resolve(key && base64url.decode(key.secret));
    },
  });
  const claims = CLAIMS.safeParse(payload);
  if (!claims.success) {
    throw new RegistryError(
      "link-invalid",
      "Cannot open the link: it is not as this service made it, or its key was withdrawn; copy it again in full, or ask whoever gave it for a new one",
    );
  }
  const { jti, iat, exp, repository, digest, filename } = claims.data;
  return {
    id: jti,
    repository,
    digest,
    filename,
    issuedAtSeconds: iat,
    expiresAtSeconds: exp,
    expired: nowMs >= exp * 1000,
  };
}

/**
 * Refuses a link whose time is over. A download that was begun in time may be resumed for `LINK_RESUME_SECONDS` longer.
 * @throws {RegistryError} `link-expired`
 */
export function checkLinkTime(
  claims: LinkClaims,
  request: { readonly resuming: boolean },
  config: Config,
  nowMs: number,
): void {
  const graceSeconds = request.resuming ? config.linkResumeSeconds : 0;
  if (nowMs < (claims.expiresAtSeconds + graceSeconds) * 1000) return;
  const when = new Date(claims.expiresAtSeconds * 1000).toISOString();
  throw new RegistryError(
    "link-expired",
    `Cannot open the link: it expired at ${when}; ask whoever gave it for a new one`,
  );
}
