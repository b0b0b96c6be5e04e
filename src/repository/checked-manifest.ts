/** The last look at a fetched manifest before it is stored for everyone. */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { isMediaType } from "../oci/media-types.ts";
import { quote } from "../oci/quote.ts";
import type { FetchedManifest } from "../upstream/registry-client.ts";

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
  if (!isMediaType(mediaType)) {
    throw new RegistryError(
      "invalid-manifest",
      `Cannot read manifest "${path}@${wanted}": ${quote(mediaType)} is no media type`,
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
