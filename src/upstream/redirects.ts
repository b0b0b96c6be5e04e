/**
 * Redirects, followed by hand. A registry sends blob requests on to wherever its storage is; nothing that belongs to the
 * registry may go there with them: neither credentials (CVE-2022-23538) nor any header that the storage has no use for.
 */

import { RegistryError } from "../errors.ts";
import { isPrivateHost } from "./private-host.ts";
import { discard } from "./read-body.ts";
import type { UpstreamRequest } from "./transport.ts";

const MAX_REDIRECTS = 5;

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What another origin is told; everything else stays behind. */
const TRAVELLING_HEADERS = ["accept", "accept-encoding", "range", "user-agent"] as const;

/** Where redirects may lead. */
export interface RedirectPolicy {
  /** Allows plain http. */
  readonly http: boolean;
  /** Allows hosts that {@link isPrivateHost} tells. */
  readonly privateHosts: boolean;
}

/** The answer at the end of a chain of redirects. */
export interface Landed {
  readonly response: Response;
  /** Where it came from. */
  readonly url: URL;
  /** Whether every hop stayed on the origin that was asked: only then may a challenge be answered. */
  readonly home: boolean;
}

/** Sends one request and follows no redirect. */
export type Send = (request: UpstreamRequest) => Promise<Response>;

/** https only and public hosts only, save for an upstream that is itself plain http, or private. */
export function redirectPolicy(upstreamUrl: string): RedirectPolicy {
  const { protocol, hostname } = new URL(upstreamUrl);
  return { http: protocol === "http:", privateHosts: protocol === "http:" || isPrivateHost(hostname) };
}

/**
 * Sends a request and follows where it is sent on to, {@link MAX_REDIRECTS} hops at most.
 * @param name the upstream's, for messages.
 * @throws {RegistryError} `upstream-unavailable` for a redirect that may not be followed, and whatever `send` throws.
 */
export async function followRedirects(
  send: Send,
  first: UpstreamRequest,
  policy: RedirectPolicy,
  name: string,
): Promise<Landed> {
  let request = first;
  let home = true;
  for (let hops = 0; ; hops++) {
    const response = await send(request);
    if (!REDIRECT_STATUSES.has(response.status)) return { response, url: request.url, home };
    const location = response.headers.get("location");
    await discard(response);
    if (hops === MAX_REDIRECTS) throw refused(name, `there are more than ${MAX_REDIRECTS} in a row`);
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw refused(name, `it answers ${request.method}, which cannot be sent twice`);
    }
    const url = redirectTarget(location, request.url, policy, name);
    if (url.origin !== request.url.origin) home = false;
    // A chain that comes back gets nothing back: whoever was in between chose the address.
    request = home ? { ...request, url } : abroad(request, url);
  }
}

/**
 * Where an upstream's `Location` leads.
 * @param name the upstream's, for messages.
 * @throws {RegistryError} `upstream-unavailable` where the service does not go there.
 */
export function redirectTarget(
  location: string | null,
  base: URL,
  policy: RedirectPolicy,
  name: string,
): URL {
  const url = location === null ? null : URL.parse(location, base.href);
  if (url === null) throw refused(name, "it names no address that can be read");
  if (url.protocol !== "https:" && !(policy.http && url.protocol === "http:")) {
    throw refused(name, `it leads to "${url.protocol}//${url.host}", and only https is followed`);
  }
  if (url.username !== "" || url.password !== "") throw refused(name, "its address holds credentials");
  if (url.origin !== base.origin && !policy.privateHosts && isPrivateHost(url.hostname)) {
    throw refused(name, `it leads into a private network, to "${url.host}"`);
  }
  url.hash = "";
  return url;
}

function abroad(request: UpstreamRequest, url: URL): UpstreamRequest {
  const headers = new Headers();
  for (const header of TRAVELLING_HEADERS) {
    const value = request.headers.get(header);
    if (value !== null) headers.set(header, value);
  }
  return { method: request.method, url, headers };
}

function refused(name: string, fault: string): RegistryError {
  return new RegistryError("upstream-unavailable", `Cannot follow redirect of "${name}": ${fault}`);
}
