/** Digests of a whole representation in `Repr-Digest`: RFC 9530. */

import { type Digest, type DigestAlgorithm, digestAlgorithm, digestHex } from "../oci/digest.ts";

/** RFC 9530 names, and how many bytes such a digest has. */
const ALGORITHMS = {
  sha256: { key: "sha-256", bytes: 32 },
  sha512: { key: "sha-512", bytes: 64 },
} as const satisfies Record<DigestAlgorithm, { key: string; bytes: number }>;

/** The value of `Repr-Digest`, such as `sha-256=:<base64>:`. */
export function reprDigest(digest: Digest): string {
  const octets = digestHex(digest).match(/../g) ?? [];
  const base64 = btoa(String.fromCharCode(...octets.map((octet) => parseInt(octet, 16))));
  return `${ALGORITHMS[digestAlgorithm(digest)].key}=:${base64}:`;
}

/** A member of a dictionary of byte sequences (RFC 9651 section 3.2), its parameters, and the comma before the next. */
const MEMBER =
  /([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(?:; *[a-z*][a-z0-9_.*-]*(?:=[A-Za-z0-9!#$%&'*+.^_`|~:/?-]+)?)*[ \t]*(?:,[ \t]*(?!$)|$)/y;

/**
 * The digests of a `Repr-Digest` or `Content-Digest` header by the algorithms that this service computes, in
 * lower-case hex. Others are left out; a missing header has none.
 * @returns `undefined` when any of it is malformed (RFC 9651 section 4.2), or names an algorithm as OCI does: whoever
 *   sends that means something by it, and must not believe it was compared
 */
export function parseReprDigest(header: string | null): ReadonlyMap<DigestAlgorithm, string> | undefined {
  const digests = new Map<DigestAlgorithm, string>();
  const text = (header ?? "").trim();
  MEMBER.lastIndex = 0;
  while (MEMBER.lastIndex < text.length) {
    const [, key, base64] = MEMBER.exec(text) ?? [];
    if (key === undefined || base64 === undefined || Object.hasOwn(ALGORITHMS, key)) return undefined;
    const algorithm = algorithmOf(key);
    const hex = algorithm === undefined ? undefined : base64ToHex(base64);
    if (algorithm === undefined) continue;
    if (hex?.length !== 2 * ALGORITHMS[algorithm].bytes) return undefined;
    digests.set(algorithm, hex);
  }
  return digests;
}

function algorithmOf(key: string): DigestAlgorithm | undefined {
  if (key === ALGORITHMS.sha256.key) return "sha256";
  return key === ALGORITHMS.sha512.key ? "sha512" : undefined;
}

function base64ToHex(base64: string): string | undefined {
  try {
    return Array.from(atob(base64), (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    // Four characters too few or too many: not base64.
    return undefined;
  }
}
