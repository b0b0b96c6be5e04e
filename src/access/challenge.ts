/** What a 401 answer tells a client to come back with: RFC 9110 section 11.6.1. */

/** A way to sign in. */
export type Challenge =
  | {
      /** RFC 7617: the name and text of an access token. For people and programs. */
      readonly kind: "basic";
    }
  | {
      /** The token flow of Docker's registries. For OCI clients. */
      readonly kind: "bearer";
      /** Scheme, host and port that the client used, without a trailing slash. */
      readonly origin: string;
      /** What the request would have needed, such as `repository:ghcr.io/org/img:pull`. */
      readonly scope?: string | undefined;
      /** RFC 6750 section 3.1: what was wrong with the token that came. */
      readonly error?: "invalid_token" | "insufficient_scope" | undefined;
    };

const REALM = "sif-edge";

/** The value of `WWW-Authenticate` for a challenge. */
export function wwwAuthenticate(challenge: Challenge): string {
  if (challenge.kind === "basic") return `Basic realm=${quoted(REALM)}`;
  const { origin, scope, error } = challenge;
  const parameters = [
    `realm=${quoted(`${origin}/token`)}`,
    `service=${quoted(new URL(origin).host)}`,
    ...(scope === undefined ? [] : [`scope=${quoted(scope)}`]),
    ...(error === undefined ? [] : [`error=${quoted(error)}`]),
  ];
  // Without spaces: some clients split at commas and do not trim.
  return `Bearer ${parameters.join(",")}`;
}

/** A quoted-string, RFC 9110 section 5.6.4, of a text that has passed a parser; anything else in it is dropped. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, "").replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
