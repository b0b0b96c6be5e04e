/**
 * Manifests: OCI image specification 1.1, manifest.md and image-index.md, and Docker's schema 2.
 *
 * Any artifact may pass through `/v2`, so a manifest of an unknown media type is read by what it has; the bytes
 * themselves are always passed on as they came.
 */

import { type Descriptor, readDescriptor } from "./descriptor.ts";
import { readJson } from "./json.ts";
import {
  DOCKER_MANIFEST,
  isImageType,
  isIndexType,
  mediaTypeEssence,
  OCI_ARTIFACT_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
} from "./media-types.ts";
import {
  invalidManifest,
  type Members,
  readList,
  readMember,
  readObject,
  readOptionalText,
  readTextMap,
} from "./members.ts";
import { quote } from "./quote.ts";

export type { Descriptor, Platform } from "./descriptor.ts";

/** Largest manifest that is read: the limit that the distribution specification advises for registries. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

interface ManifestCommon {
  /** The media type that the manifest has by its registry's word, its own, or else its shape; no parameters. */
  readonly mediaType: string;
  readonly artifactType?: string;
  /** The manifest that this one says something about. It need not exist, nor belong to the same people. */
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest that lists blobs: an image or any other artifact. */
export interface ImageManifest extends ManifestCommon {
  readonly kind: "image";
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
}

/** A manifest that lists manifests. */
export interface IndexManifest extends ManifestCommon {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

/** A manifest of either kind. */
export type Manifest = ImageManifest | IndexManifest;

/**
 * Reads a manifest.
 *
 * Every descriptor in it is whole: required members are there and of their type. Absent lists count as empty. The
 * kind follows from a known media type; an unknown one is an index when it has `manifests`, else an image.
 * @param contentType the `Content-Type` that it came with; parameters are ignored.
 * @throws {RegistryError} `invalid-manifest` when it is no manifest, when its own `mediaType` is another than
 *   `contentType` (distribution specification 1.1, section "Pulling manifests"), and when it has the members of both
 *   kinds, so that two readers could take it for two things (CVE-2021-41190).
 */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw invalidManifest(
      `it has ${bytes.length} bytes, more than the ${MAX_MANIFEST_BYTES} of any manifest`,
    );
  }
  const json = readJson(bytes);
  if (!json.ok) throw invalidManifest(`${json.fault}; it was sent as ${quote(contentType)}`);
  const members = readObject(json.value, "it");
  const announced = mediaTypeEssence(contentType);
  refuseSchema1(members, announced);
  const mediaType = readMediaType(members, announced);
  const artifactType = readOptionalText(members, "artifactType", "");
  const subject = readOptionalDescriptor(members, "subject");
  const common = {
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
    annotations: readTextMap(members, "annotations", "") ?? {},
  };
  return isIndex(members, mediaType)
    ? { kind: "index", ...common, manifests: readDescriptors(members, "manifests") }
    : {
        kind: "image",
        ...common,
        config: readOptionalDescriptor(members, "config"),
        layers: readDescriptors(members, layersMember(members, mediaType)),
      };
}

/** Layers that are kept elsewhere by their type alone. */
const FOREIGN_LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.v1|docker\.image\.rootfs\.foreign\.diff)\.tar/;

/** The blobs that a manifest says it consists of: config and layers, but not those that are kept elsewhere. */
export function namedBlobs(manifest: Manifest): Descriptor[] {
  if (manifest.kind === "index") return [];
  const { config, layers } = manifest;
  return [...(config === undefined ? [] : [config]), ...layers].filter(
    (blob) => blob.foreign !== true && !FOREIGN_LAYER.test(blob.mediaType),
  );
}

/**
 * The blobs whose bytes may be had by whoever may read the manifest, because its registry has them there.
 *
 * A registry takes a manifest of a type that it does not know without asking whether its sender has the bytes, as it does
 * with layers that are kept elsewhere: naming another's private blob would be enough to be given it.
 */
export function provenBlobs(manifest: Manifest): Descriptor[] {
  return CHECKED_TYPES.has(manifest.mediaType) ? namedBlobs(manifest) : [];
}

/** Manifests whose blobs every registry looks for before it takes one. */
const CHECKED_TYPES: ReadonlySet<string> = new Set([OCI_MANIFEST, DOCKER_MANIFEST]);

/**
 * The manifests that this one consists of: the children of an index. Not its `subject`, which registries must take
 * without asking whether it exists, so that it grants nothing.
 */
export function namedManifests(manifest: Manifest): Descriptor[] {
  return manifest.kind === "index" ? [...manifest.manifests] : [];
}

/** What the media types of Docker's schema 1 begin with; they end with "json" or "prettyjws". */
const DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+";

/** Content types that say no more than "a file": what static file servers and careless registries send. */
const GENERIC_TYPES = new Set(["", "application/json", "application/octet-stream", "text/plain"]);

function readMediaType(members: Members, announced: string): string {
  const own = mediaTypeEssence(readOptionalText(members, "mediaType", "") ?? null);
  if (!GENERIC_TYPES.has(announced)) {
    if (own === "" || own === announced) return announced;
    throw invalidManifest(`it calls itself ${quote(own)}, but was sent as ${quote(announced)}`);
  }
  if (own !== "") return own;
  // Only OCI's manifests may leave their type out, so one that says nothing is OCI's.
  if (has(members, "manifests")) return OCI_INDEX;
  if (has(members, "layers") || has(members, "config")) return OCI_MANIFEST;
  if (has(members, "blobs")) return OCI_ARTIFACT_MANIFEST;
  throw invalidManifest(
    `it has neither a media type nor "manifests", "layers", "config" or "blobs"; it was sent as ${quote(announced)}`,
  );
}

function isIndex(members: Members, mediaType: string): boolean {
  const listsManifests = has(members, "manifests");
  const listsBlobs = has(members, "layers") || has(members, "config");
  if (listsManifests && listsBlobs) {
    throw invalidManifest(
      `it has the members of an index and of an image, so that it could be read as either`,
    );
  }
  if (isIndexType(mediaType) && listsBlobs) {
    throw invalidManifest(`its type is ${quote(mediaType)}, but it has the members of an image`);
  }
  if (isImageType(mediaType) && listsManifests) {
    throw invalidManifest(`its type is ${quote(mediaType)}, but it has the members of an index`);
  }
  return isIndexType(mediaType) || listsManifests;
}

/** OCI's artifact manifests called their layers blobs; of unknown types, those that have no layers may do so, too. */
function layersMember(members: Members, mediaType: string): "layers" | "blobs" {
  if (mediaType === OCI_ARTIFACT_MANIFEST) return "blobs";
  return isImageType(mediaType) || has(members, "layers") ? "layers" : "blobs";
}

function refuseSchema1(members: Members, mediaType: string): void {
  if (!has(members, "fsLayers") && !mediaType.startsWith(DOCKER_SCHEMA1)) return;
  throw invalidManifest(
    `it is of Docker's schema 1, which registries and clients have given up; push it again`,
  );
}

function readOptionalDescriptor(members: Members, name: string): Descriptor | undefined {
  const value = readMember(members, name);
  return value === undefined ? undefined : readDescriptor(value, name);
}

function readDescriptors(members: Members, name: string): readonly Descriptor[] {
  const list = readList(members, name, "") ?? [];
  return list.map((value, index) => readDescriptor(value, `${name}[${index}]`));
}

function has(members: Members, name: string): boolean {
  return readMember(members, name) !== undefined;
}
