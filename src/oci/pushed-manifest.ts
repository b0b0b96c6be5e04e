/** Reading a manifest that a client sends. */

import { RegistryError } from "../errors.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { isMediaType } from "./media-types.ts";
import { quote } from "./quote.ts";

/**
 * Reads a manifest as {@link parseManifest} does; what is wrong with it is the sender's fault here.
 * @throws {RegistryError} `unusable-manifest`
 */
export function readPushed(bytes: Uint8Array, contentType: string): Manifest {
  const manifest = read(bytes, contentType);
  if (isMediaType(manifest.mediaType)) return manifest;
  throw new RegistryError(
    "unusable-manifest",
    `Cannot take manifest: ${quote(manifest.mediaType, 80)} is no media type`,
  );
}

function read(bytes: Uint8Array, contentType: string): Manifest {
  try {
    return parseManifest(bytes, contentType);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new RegistryError("unusable-manifest", error.message, { cause: error });
  }
}
