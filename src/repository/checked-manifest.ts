/** The last look at a fetched manifest before it is stored for everyone. */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import type { FetchedManifest } from "../upstream/registry-client.ts";

/** RFC 6838 section 4.2: two names of at most 127 characters and a slash. R2 keeps the type as a header. */
export const MAX_MEDIA_TYPE_CHARACTERS = 255;

/** A manifest that may be stored. */
export interface CheckedManifest {
  readonly bytes: Uint8Array;
  /** The type that it is of, which is not always the one that a careless registry sent. */
  readonly mediaType: string;
  readonly manifest: Manifest;
}

/**
 * Checks that a fetched manifest is the one asked for, and is one at all.
 * @param path - `registry/repository`, for messages.
 * @throws {RegistryError} `digest-mismatch`, `invalid-manifest`
 */
export function checkedManifest(path: string, wanted: Digest, fetched: FetchedManifest): CheckedManifest {
  expectDigest(path, wanted, fetched.digest);
  const manifest = parseManifest(fetched.bytes, fetched.mediaType);
  const { mediaType } = manifest;
  if (mediaType.length > MAX_MEDIA_TYPE_CHARACTERS) {
    throw new RegistryError(
      "invalid-manifest",
      `Cannot read manifest "${path}@${wanted}": its media type has ${mediaType.length} characters, expected at most ${MAX_MEDIA_TYPE_CHARACTERS}`,
    );
  }
  return { bytes: fetched.bytes, mediaType, manifest };
}

/**
 * Checks that the upstream answered for the digest that it was asked for.
 * @throws {RegistryError} `digest-mismatch`
 */
export function expectDigest(path: string, wanted: Digest, found: Digest): void {
  if (wanted === found) return;
  throw new RegistryError(
    "digest-mismatch",
    `Cannot fetch manifest "${path}@${wanted}": the upstream answered for the digest ${found}`,
  );
}
