/** Addresses that an operator gives: of a registry, and of its token service. No message repeats one, as people put passwords into them. */

/** An address in its normal form, or what is wrong with it. */
export type Address = { readonly address: string } | { readonly problem: string };

const BARE_HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/;

/** The origin of a registry. Its API stands at `/v2/` of the host (OCI distribution specification 1.1), hence no path. */
export function parseOrigin(text: string): Address {
  const url = parseAddress(text);
  if ("problem" in url) return url;
  if (url.pathname !== "/") {
    return {
      problem: "it has a path; give the scheme and host alone, as a registry answers at /v2/ of its host",
    };
  }
  return { address: url.origin };
}

/**
 * The address of a token service. A host alone means the scheme of its registry.
 * @param registryOrigin what {@link parseOrigin} gave for the registry; only one of plain http may have a realm so.
 */
export function parseRealm(text: string, registryOrigin: string): Address {
  const scheme = registryOrigin.slice(0, registryOrigin.indexOf(":"));
  const url = parseAddress(BARE_HOST.test(text) ? `${scheme}://${text}` : text);
  if ("problem" in url) return url;
  if (url.protocol === "http:" && scheme !== "http") {
    return { problem: "it is plain http; only a registry with plain http may have such a token service" };
  }
  return { address: url.origin + url.pathname.replace(/\/+$/, "") };
}

function parseAddress(text: string): URL | { readonly problem: string } {
  const url = URL.parse(text);
  // URL.parse repairs "https:host" and takes "*" in a host, neither of which was meant.
  if (url === null || !/^https?:\/\/[^/\\]/i.test(text) || !/^[a-z0-9._:[\]-]+$/.test(url.host)) {
    return { problem: "expected an https or http address, such as https://ghcr.io" };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: "it holds credentials; give them in UPSTREAM_CREDENTIALS" };
  }
  if (text.includes("?") || text.includes("#")) {
    return { problem: "it has a query or a fragment; give the address without" };
  }
  return url;
}
