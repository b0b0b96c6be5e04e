/** The settings `UPSTREAMS` and `UPSTREAM_CREDENTIALS`: which registries there are, and how to reach them. */

import { z } from "zod";
import { RegistryError } from "../errors.ts";
import { parseRegistryName } from "../oci/reference.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { checkEntry } from "./entry.ts";
import { badSetting, readEntries, type SettingEntry, type Settings } from "./setting.ts";
import { readUpstreamCredentials } from "./upstream-credentials.ts";
import { parseOrigin, parseRealm } from "./upstream-url.ts";

/** Who may read: anyone, or only callers with a token for it. */
export type Access = "public" | "private";

/** A registry that this service reads through. */
export interface Upstream {
  /** The first part of its references: a host such as `ghcr.io`, or an alias. */
  readonly name: string;
  /** Its origin: scheme, host and port, without a trailing slash. */
  readonly url: string;
  readonly access: Access;
  /**
   * Where its token service may be besides its own registrable domain: each an origin (any path on it), or an origin
   * with a path (that address alone). Normalised, without query, credentials or trailing slash.
   */
  readonly realms: readonly string[];
  /** SIF files leave only when a trusted key has signed all that is in them. */
  readonly requireSignature?: true;
  /** What this service itself signs in with. */
  readonly credentials?: UpstreamCredentials;
}

/** The registry name of the repositories that this service stores itself; never the name of an upstream. */
export const LOCAL_REGISTRY = "local";

const DEFAULT_UPSTREAMS = {
  "ghcr.io": { url: "https://ghcr.io" },
  "docker.io": { url: "https://registry-1.docker.io" },
  "quay.io": { url: "https://quay.io" },
};

const SCHEMA = z.strictObject(
  {
    url: z.string({ error: "expected the address of a registry, such as https://ghcr.io" }),
    access: z.enum(["public", "private"], { error: 'expected "public" or "private"' }).optional(),
    realms: z
      .array(z.string({ error: "expected the address of a token service" }), {
        error: "expected a list of addresses of token services",
      })
      .default([]),
    requireSignature: z.boolean({ error: "expected true or false" }).default(false),
  },
  { error: 'expected an object such as {"url": "https://ghcr.io"}' },
);

/**
 * The upstreams by name, with the credentials of each. One with credentials is private unless it says otherwise,
 * since whatever they open would else be open to everyone.
 * @throws {RegistryError} `bad-configuration`
 */
export function readUpstreams(settings: Settings): ReadonlyMap<string, Upstream> {
  const { entries } = readEntries(settings, "UPSTREAMS") ??
    readEntries({ UPSTREAMS: DEFAULT_UPSTREAMS }, "UPSTREAMS") ?? { entries: [] };
  const names = new Set(entries.map(checkName));
  const credentials = readUpstreamCredentials(settings, names);
  return new Map(entries.map((entry) => [entry.key, toUpstream(entry, credentials.get(entry.key))]));
}

function checkName(entry: SettingEntry): string {
  if (entry.key === LOCAL_REGISTRY) {
    throw badSetting(
      "UPSTREAMS",
      `${entry.where}: this name is reserved for this service's own repositories`,
    );
  }
  try {
    // A name that its parser would change could never be met again.
    if (parseRegistryName(entry.key) === entry.key) return entry.key;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  throw badSetting(
    "UPSTREAMS",
    `${entry.where}: not a registry name; expected a host, host:port or alias, in lower-case letters`,
  );
}

function toUpstream(entry: SettingEntry, credentials: UpstreamCredentials | undefined): Upstream {
  const { url: address, access, realms, requireSignature } = checkEntry("UPSTREAMS", entry, SCHEMA);
  const url = parseOrigin(address);
  if ("problem" in url) throw badSetting("UPSTREAMS", `${entry.where}, field "url": ${url.problem}`);
  return {
    name: entry.key,
    url: url.address,
    access: access ?? (credentials === undefined ? "public" : "private"),
    realms: realms.map((text, index) => {
      const realm = parseRealm(text, url.address);
      if ("address" in realm) return realm.address;
      throw badSetting("UPSTREAMS", `${entry.where}, field "realms", item ${index + 1}: ${realm.problem}`);
    }),
    ...(requireSignature ? { requireSignature } : {}),
    ...(credentials === undefined ? {} : { credentials }),
  };
}
