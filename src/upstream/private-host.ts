/**
 * Hosts that an upstream on the public Internet has no business to send anyone to: this machine, its network, and the
 * metadata services of clouds. Names that merely resolve to such addresses cannot be told here; the runtime's
 * `global_fetch_strictly_public` is what stands against those.
 */

/** First addresses and prefix lengths of the special-purpose IPv4 blocks (IANA registry, RFC 6890), and of multicast. */
const PRIVATE_IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const;

const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)\.?$/;

/**
 * Whether a URL's host is private by its look.
 * @param hostname as `URL.hostname` has it, which writes every form of an IP address in the one usual form.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isPrivateIpv6(hostname.slice(1, -1));
  const ipv4 = readIpv4(hostname);
  if (ipv4 !== undefined) return isPrivateIpv4(ipv4);
  // A name of one label is one of the local network.
  return PRIVATE_NAME.test(hostname) || !hostname.replace(/\.$/, "").includes(".");
}

function readIpv4(hostname: string): number | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}\.?$/.test(hostname)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = hostname.split(".").map(Number);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(([first, bits]) => {
    const shift = 32 - bits;
    return address >>> shift === (readIpv4(first) ?? 0) >>> shift;
  });
}

/** Only global unicast (2000::/3) is public, and of that not what wraps an IPv4 address (6to4, Teredo). */
function isPrivateIpv6(address: string): boolean {
  const [first = ""] = address.split(":", 1);
  const group = first === "" ? 0 : Number.parseInt(first, 16);
  return group >>> 13 !== 1 || group === 0x2002 || /^2001:(?::|0:)/.test(`${address}:`);
}
