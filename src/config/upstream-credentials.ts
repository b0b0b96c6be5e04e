/** The secret setting `UPSTREAM_CREDENTIALS`: what this service signs in to its upstreams with. */

import { z } from "zod";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { checkEntry } from "./entry.ts";
import { badSetting, readEntries, type Settings } from "./setting.ts";

// RFC 7617 section 2: neither part may hold control characters, and the user name ends at the first colon.
const SCHEMA = z.strictObject(
  {
    username: z
      .string({ error: "expected a user name" })
      .regex(/^[^:\p{Cc}]+$/u, { error: "expected a user name without colons and control characters" }),
    password: z
      .string({ error: "expected a password or access token" })
      .regex(/^\P{Cc}+$/u, { error: "expected a password or access token without control characters" }),
  },
  { error: "expected an object with username and password" },
);

/**
 * The credentials by upstream name.
 * @param upstreams the names that may have credentials: a misspelt one would leave its upstream open to everyone.
 * @throws {RegistryError} `bad-configuration`
 */
export function readUpstreamCredentials(
  settings: Settings,
  upstreams: ReadonlySet<string>,
): ReadonlyMap<string, UpstreamCredentials> {
  const { entries } = readEntries(settings, "UPSTREAM_CREDENTIALS") ?? { entries: [] };
  return new Map(
    entries.map((entry) => {
      if (!upstreams.has(entry.key)) {
        const known = [...upstreams].join(", ");
        throw badSetting(
          "UPSTREAM_CREDENTIALS",
          `${entry.where}: it is for none of the upstreams in UPSTREAMS (${known})`,
        );
      }
      const { username, password } = checkEntry("UPSTREAM_CREDENTIALS", entry, SCHEMA);
      return [entry.key, { kind: "basic", username, password }];
    }),
  );
}
