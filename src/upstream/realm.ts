/**
 * Where an upstream's token service may be. The upstream names it in its challenge, and credentials are sent there, so
 * an upstream that is compromised, or a careless one, could have them sent anywhere (CVE-2026-33540).
 */

import { getDomain } from "tldts";
import type { Upstream } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { isPrivateHost } from "./private-host.ts";
import { redactUrl } from "./redact.ts";

/** Where every customer's registry is a name of its own; missing in the public suffix list. */
const SHARED_DOMAINS: ReadonlySet<string> = new Set(["amazonaws.com", "azurecr.io", "jfrog.io", "pkg.dev"]);

/** URLs may have hosts with empty labels, which are nobody's: what they would resolve to is anybody's guess. */
const NAMELESS = /^\.|\.\./;

/**
 * Checks the realm of a challenge: https on the upstream's own registrable domain, or listed in its settings. An upstream
 * without such a domain (an IP address, a local name) or with plain http may only name its own origin, or a listed one.
 * @throws {RegistryError} `upstream-unavailable` where it may not be used; nothing was sent to it.
 */
export function checkRealm(realm: string, upstream: Upstream): URL {
  const url = URL.parse(realm);
  const own = new URL(upstream.url);
  if (
    url === null ||
    (url.protocol !== "https:" && url.protocol !== "http:") ||
    NAMELESS.test(url.hostname)
  ) {
    throw refused(upstream, "one whose address cannot be read");
  }
  if (url.username !== "" || url.password !== "")
    throw refused(upstream, "one with credentials in its address");
  if (url.protocol === "http:" && own.protocol === "https:") {
    throw refused(upstream, `"${redactUrl(url)}", which is plain http`);
  }
  if (isListed(url, upstream.realms) || isOwn(url, own)) return url;
  throw refused(
    upstream,
    `"${redactUrl(url)}", which is on another domain; where that is right, add it to the "realms" of this upstream`,
  );
}

/** An entry without a path stands for every path of its origin, one with a path for that address alone. */
function isListed(url: URL, realms: readonly string[]): boolean {
  const address = url.origin + url.pathname.replace(/\/+$/, "");
  return realms.some((realm) => realm === url.origin || realm === address);
}

function isOwn(url: URL, own: URL): boolean {
  if (url.origin === own.origin) return true;
  if (own.protocol !== "https:" || isPrivateHost(own.hostname)) return false;
  // Domains under which anyone may have a name, such as github.io, belong to no one.
  const options = { allowPrivateDomains: true };
  const domain = getDomain(own.hostname, options);
  if (domain === null || domain !== getDomain(url.hostname, options)) return false;
  return !SHARED_DOMAINS.has(domain) || url.hostname === own.hostname;
}

function refused(upstream: Upstream, found: string): RegistryError {
  return new RegistryError(
    "upstream-unavailable",
    `Cannot sign in at "${upstream.name}": it names as its token service ${found}`,
  );
}
