/** The secret setting `ACCESS_TOKENS`: who may do what. */

import { z } from "zod";
import { checkEntry } from "./entry.ts";
import { PATTERN_SCHEMA } from "./pattern-schema.ts";
import { badSetting, readEntries, type SettingEntry, type Settings } from "./setting.ts";

/** What a token may be good for: reading, publishing and deleting, making links, dropping cache entries. */
export const SCOPES = ["pull", "push", "link", "admin"] as const;

/** One of {@link SCOPES}. None implies another. */
export type Scope = (typeof SCOPES)[number];

/** An access token, known by its hash only. */
export interface AccessToken {
  readonly name: string;
  /** The SHA-256 of the token's text, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** Patterns of `registry/repository` in which `*` stands for any text, slashes included. */
  readonly repositories: readonly string[];
  /** When it stops working, in milliseconds since the epoch; `undefined` for never. */
  readonly expiresAtMs: number | undefined;
}

const DATE =
  "expected a date (2027-01-31, its beginning in UTC) or a time with its zone (2027-01-31T12:00:00Z)";

/** What `sha256sum` makes of an empty line and of nothing, as where the command that was to make the token failed. */
const HASHES_OF_NOTHING: ReadonlySet<string> = new Set([
  "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
]);

const SCHEMA = z.strictObject(
  {
    sha256: z
      .string({ error: "expected the SHA-256 of the token, 64 hexadecimal digits" })
      .regex(/^[0-9a-fA-F]{64}$/, { error: "expected the SHA-256 of the token, 64 hexadecimal digits" })
      .toLowerCase()
      .refine((hex) => !HASHES_OF_NOTHING.has(hex), {
        error: "expected the SHA-256 of the token, this is that of an empty text; make a token first",
      }),
    scopes: z
      .array(z.enum(SCOPES, { error: `expected one of ${SCOPES.join(", ")}` }), {
        error: `expected a list out of ${SCOPES.join(", ")}`,
      })
      .min(1, { error: `expected a list out of ${SCOPES.join(", ")}, with at least one of them` }),
    repositories: z
      .array(PATTERN_SCHEMA, { error: "expected a list of repository patterns such as ghcr.io/org/*" })
      .min(1, { error: "expected a list of repository patterns, with at least one; * is for all" }),
    expires: z.union([z.iso.date(), z.iso.datetime({ offset: true })], { error: DATE }).optional(),
  },
  { error: "expected an object with sha256, scopes, repositories and, if it ends, expires" },
);

/**
 * The access tokens by name.
 * @throws {RegistryError} `bad-configuration`
 */
export function readAccessTokens(settings: Settings): ReadonlyMap<string, AccessToken> {
  const { entries } = readEntries(settings, "ACCESS_TOKENS") ?? { entries: [] };
  const tokens = entries.map(toAccessToken);
  refuseSharedTokens(tokens);
  return new Map(tokens.map((token) => [token.name, token]));
}

function toAccessToken(entry: SettingEntry): AccessToken {
  // Basic credentials end the name at the first colon (RFC 7617 section 2), and the name is put into listings of links.
  if (!/^[^:\p{Cc}]{1,128}$/u.test(entry.key)) {
    throw badSetting(
      "ACCESS_TOKENS",
      `${entry.where}: expected a name of at most 128 characters, without colons and control characters`,
    );
  }
  const { expires, ...rest } = checkEntry("ACCESS_TOKENS", entry, SCHEMA);
  return {
    name: entry.key,
    ...rest,
    expiresAtMs: expires === undefined ? undefined : Date.parse(expires),
  };
}

/** A token alone must tell whose it is: as Bearer it comes without its name. */
function refuseSharedTokens(tokens: readonly AccessToken[]): void {
  const places = new Map<string, number>();
  for (const [index, { sha256 }] of tokens.entries()) {
    const before = places.get(sha256);
    if (before !== undefined) {
      throw badSetting(
        "ACCESS_TOKENS",
        `entry ${before + 1} and entry ${index + 1} have the same sha256; give each name a token of its own`,
      );
    }
    places.set(sha256, index);
  }
}
