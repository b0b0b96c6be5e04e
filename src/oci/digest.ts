/** Content digests: OCI image specification 1.1, descriptor.md, section "Digests". */

import { RegistryError } from "../errors.ts";

declare const brand: unique symbol;

/** A checked digest, `sha256:<64 lower-case hex>` or `sha512:<128 lower-case hex>`; made by {@link parseDigest} only. */
export type Digest = string & { readonly [brand]: "Digest" };

/** The registered algorithms that this service computes. */
export type DigestAlgorithm = "sha256" | "sha512";

const PATTERN = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether a text is a digest that {@link parseDigest} takes. */
export function isDigest(text: string): text is Digest {
  return PATTERN.test(text);
}

/**
 * Checks a digest.
 * @throws {RegistryError} `invalid-digest` when it is not a sha256 or sha512 digest in lower-case hex.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryError(
    "invalid-digest",
    `Cannot read digest "${text.slice(0, 160)}": expected "sha256:" and 64, or "sha512:" and 128, lower-case hexadecimal digits`,
  );
}

/** The algorithm part of a digest. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** The hexadecimal part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}
