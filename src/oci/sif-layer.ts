/** What makes a manifest a SIF image: exactly one layer that is a SIF file. */

import { RegistryError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import { type Digest, digestAlgorithm, isDigest } from "./digest.ts";
import type { Manifest } from "./manifest.ts";
import { isSifLayer } from "./media-types.ts";
import { quote } from "./quote.ts";

/** The layer of a SIF image; its digest is a sha256. */
export type SifLayer = Descriptor & { readonly digest: Digest };

/** How many media types a message lists. */
const MAX_LISTED = 10;

/**
 * The one SIF layer of an image. Layers of other types beside it, and the config, are not looked at.
 * @param what the reference that was asked for, for the message.
 * @throws {RegistryError} `not-a-sif-image`, listing the media types found; `unsupported-digest` when the layer's digest
 *   is not a sha256.
 */
export function sifLayer(manifest: Manifest, what: string): SifLayer {
  const layers = manifest.kind === "image" ? manifest.layers : [];
  const found = layers.filter((layer) => isSifLayer(layer.mediaType));
  const [layer] = found;
  if (layer === undefined || found.length > 1) {
    throw notSif(
      what,
      `it has ${found.length === 0 ? "no" : found.length} SIF layers; ${listTypes(manifest)}`,
    );
  }
  const { digest } = layer;
  if (isDigest(digest) && digestAlgorithm(digest) === "sha256") return { ...layer, digest };
  throw new RegistryError(
    "unsupported-digest",
    `Cannot use ${quote(what)} as a SIF image: the digest of its SIF layer is ${quote(digest)}, expected a sha256`,
  );
}

function notSif(what: string, fault: string): RegistryError {
  return new RegistryError("not-a-sif-image", `Cannot use ${quote(what)} as a SIF image: ${fault}`);
}

function listTypes(manifest: Manifest): string {
  const noun = manifest.kind === "image" ? "layers" : "manifests";
  const parts = manifest.kind === "image" ? manifest.layers : manifest.manifests;
  if (parts.length === 0) return `it is of type ${quote(manifest.mediaType)} and lists no ${noun}`;
  const types = [...new Set(parts.map((part) => part.mediaType))];
  const listed = types.slice(0, MAX_LISTED).map((type) => quote(type, 100));
  const more = types.length - listed.length;
  return `the media types of its ${noun} are ${listed.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
