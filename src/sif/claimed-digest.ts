/** The digests that a SIF's signer wrote down. */

/** A digest that a signature claims, of an algorithm that we may be unable to compute. */
export interface ClaimedDigest {
  readonly algorithm: string;
  /** Lower case. */
  readonly hex: string;
}

/** An algorithm that Web Crypto computes, by the name it has there. */
export type HashAlgorithm = "SHA-256" | "SHA-384" | "SHA-512";

/** Hex digits of each algorithm that SIF signatures may use. */
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["sha224", 56],
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
  ["sha512_224", 56],
  ["sha512_256", 64],
]);

const COMPUTABLE: ReadonlyMap<string, HashAlgorithm> = new Map([
  ["sha256", "SHA-256"],
  ["sha384", "SHA-384"],
  ["sha512", "SHA-512"],
]);

const HEX = /^[0-9a-f]+$/;

/** Reads `sha256:<hex>`; undefined when it is no digest of an algorithm that signatures may use. */
export function parseClaimedDigest(value: unknown): ClaimedDigest | undefined {
  if (typeof value !== "string") return undefined;
  const [algorithm = "", hex = "", ...rest] = value.toLowerCase().split(":", 3);
  return rest.length === 0 ? makeClaimedDigest(algorithm, hex) : undefined;
}

/** Checks an algorithm and its hex digits; undefined when they do not fit each other. */
export function makeClaimedDigest(algorithm: string, hex: string): ClaimedDigest | undefined {
  const fits = HEX.test(hex) && hex.length === HEX_LENGTHS.get(algorithm);
  return fits ? { algorithm, hex } : undefined;
}

/** The algorithm to compute a claimed digest with; undefined for SHA-224 and the truncated SHA-512s. */
export function computableAlgorithm(digest: ClaimedDigest): HashAlgorithm | undefined {
  return COMPUTABLE.get(digest.algorithm);
}
