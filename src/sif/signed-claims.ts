/** What a SIF signature says about the file: the digests it was made over, in JSON or, in legacy ones, as a bare hash. */

import { makeClaimedDigest, parseClaimedDigest, type ClaimedDigest } from "./claimed-digest.ts";
import { MAX_DESCRIPTORS } from "./bounds.ts";
import { isJsonObject, parseJson } from "./json.ts";

/** What a signature says of one object. */
export interface ObjectClaim {
  /** ID of the object, counted from the lowest one of the signed group. */
  readonly relativeId: number;
  readonly descriptorDigest: ClaimedDigest;
  readonly objectDigest: ClaimedDigest;
}

/** What a signature of today says: of the header, and of each object's descriptor and bytes. */
export interface MetadataClaims {
  readonly kind: "metadata";
  readonly headerDigest: ClaimedDigest;
  readonly objects: readonly ObjectClaim[];
}

/** What a signature of before 2020 says: the bytes of one object, or of all of a group one after another. */
export interface LegacyClaims {
  readonly kind: "legacy";
  readonly digest: ClaimedDigest;
}

const LEGACY_PREFIX = "SIFHASH:\n";
const MAX_UINT32 = 0xffff_ffff;

/** The algorithms of legacy signatures, named by their descriptor; BLAKE2 was never written. */
const LEGACY_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["SHA256", "sha256"],
  ["SHA384", "sha384"],
  ["SHA512", "sha512"],
]);

/** Whether signed text is that of a legacy signature. */
export function isLegacyText(text: string): boolean {
  return text.startsWith(LEGACY_PREFIX);
}

/**
 * Reads the text of a legacy signature; undefined when its digest does not fit the hash.
 * @param hash the signature descriptor's, such as `SHA384`
 */
export function parseLegacyClaims(text: string, hash: string): LegacyClaims | undefined {
  const hex = text.slice(LEGACY_PREFIX.length).toLowerCase();
  const digest = makeClaimedDigest(
    LEGACY_ALGORITHMS.get(hash) ?? "",
    hex.endsWith("\n") ? hex.slice(0, -1) : hex,
  );
  return digest === undefined ? undefined : { kind: "legacy", digest };
}

/** Reads the JSON that signatures of today are made over; undefined unless all of it is there and sound. */
export function parseMetadataClaims(bytes: Uint8Array): MetadataClaims | undefined {
  const parsed = parseJson(bytes);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { version, header, objects } = parsed.value;
  if (version !== 1 || !isJsonObject(header) || !Array.isArray(objects)) return undefined;
  if (objects.length === 0 || objects.length > MAX_DESCRIPTORS) return undefined;
  const headerDigest = parseClaimedDigest(header["digest"]);
  const claims = objects.map(parseObjectClaim).filter((claim) => claim !== undefined);
  // Each object once: the reference verifier reads the first claim only, and each costs hashing.
  const relativeIds = new Set(claims.map(({ relativeId }) => relativeId));
  if (headerDigest === undefined || relativeIds.size !== objects.length) return undefined;
  return { kind: "metadata", headerDigest, objects: claims };
}

function parseObjectClaim(value: unknown): ObjectClaim | undefined {
  if (!isJsonObject(value)) return undefined;
  const { relativeId } = value;
  const descriptorDigest = parseClaimedDigest(value["descriptorDigest"]);
  const objectDigest = parseClaimedDigest(value["objectDigest"]);
  if (typeof relativeId !== "number" || !Number.isInteger(relativeId)) return undefined;
  if (relativeId < 0 || relativeId > MAX_UINT32) return undefined;
  if (descriptorDigest === undefined || objectDigest === undefined) return undefined;
  return { relativeId, descriptorDigest, objectDigest };
}
