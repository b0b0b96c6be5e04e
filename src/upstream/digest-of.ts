/** The digest of bytes in memory. */

import { type Digest, type DigestAlgorithm, parseDigest } from "../oci/digest.ts";

const NAMES = { sha256: "SHA-256", sha512: "SHA-512" } as const;

/** Computes a digest. */
export async function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Promise<Digest> {
  const hash = new Uint8Array(await crypto.subtle.digest(NAMES[algorithm], bytes));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return parseDigest(`${algorithm}:${hex}`);
}
