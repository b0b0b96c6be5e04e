/** Adding an image to the index under a tag. */

import { RegistryError } from "../errors.ts";
import { knownArchitecture } from "../inspect/known-architecture.ts";
import type { Digest } from "../oci/digest.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { OCI_INDEX } from "../oci/media-types.ts";
import { type Reference, formatReference } from "../oci/reference.ts";
import { sifLayer } from "../oci/sif-layer.ts";
import { type IndexEntry, emptyIndex, extendIndex } from "../oci/sif-manifest.ts";
import type { Destination } from "../repository/destination.ts";
import type { Services } from "../services.ts";
import { digestOf } from "../upstream/digest-of.ts";

/** Others may write the same tag at the same time; each gets its turn. */
const MAX_ATTEMPTS = 10;

/** A manifest that is in the repository, and for what it is. */
export interface AppendRequest {
  readonly reference: Reference & { readonly tag: string };
  readonly destination: Destination;
  readonly manifest: StoredManifest;
  readonly architecture: string;
}

interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/**
 * Adds an image to the index under a tag, in place of the one for the same architecture. A single image that the tag names
 * becomes the first entry of a new index.
 * @throws {RegistryError} `not-a-sif-image` where the tag names something else; `precondition-failed` where others keep
 *   moving the tag
 */
export async function appendToIndex(services: Services, request: AppendRequest): Promise<void> {
  const { reference, destination, manifest, architecture } = request;
  const { tag } = reference;
  for (let attempt = 1; ; attempt++) {
    const current = await destination.manifest({ tag });
    const index = current === undefined ? emptyIndex() : await readIndex(services, reference, current);
    const bytes = extendIndex(index, entryOf(manifest, architecture));
    const digest = await digestOf(bytes, "sha256");
    const mediaType = typeof index["mediaType"] === "string" ? index["mediaType"] : OCI_INDEX;
    try {
      await destination.putManifest({ digest, mediaType, bytes, tag, replaces: current?.digest ?? null });
      return;
    } catch (error) {
      const moved = error instanceof RegistryError && error.code === "precondition-failed";
      if (!moved || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

async function readIndex(
  services: Services,
  reference: Reference,
  current: StoredManifest,
): Promise<Readonly<Record<string, unknown>>> {
  const manifest = parseManifest(current.bytes, current.mediaType);
  if (manifest.kind === "index") {
    // As it is: it may have members that nobody here has heard of.
    return JSON.parse(new TextDecoder().decode(current.bytes)) as Readonly<Record<string, unknown>>;
  }
  const architecture = await architectureOf(services, reference, manifest);
  return JSON.parse(
    new TextDecoder().decode(extendIndex(emptyIndex(), entryOf(current, architecture))),
  ) as Readonly<Record<string, unknown>>;
}

/** For what a published image is: its own header tells, where the file is here. */
async function architectureOf(services: Services, reference: Reference, manifest: Manifest): Promise<string> {
  const layer = sifLayer(manifest, formatReference(reference));
  const architecture = await knownArchitecture(services, layer.digest);
  if (architecture !== undefined) return architecture;
  throw new RegistryError(
    "invalid-request",
    `Cannot make an index of "${formatReference(reference)}": for which architecture the image under it is cannot be told; push it again with "index=append"`,
  );
}

function entryOf({ digest, mediaType, bytes }: StoredManifest, architecture: string): IndexEntry {
  return { mediaType, size: bytes.length, digest, platform: { architecture, os: "linux" } };
}
