/**
 * The media types that this service knows by name.
 *
 * OCI: image specification 1.1, media-types.md. Docker: "Image Manifest Version 2, Schema 2". SIF: what Apptainer and
 * SingularityCE push.
 */

/** OCI image manifest. */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** OCI image index. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
/** OCI artifact manifest, of release candidates of the image specification 1.1 only, but stored by some registries. */
export const OCI_ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json";

/** Docker image manifest, schema 2. */
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
/** Docker manifest list, schema 2: what OCI calls an index. */
export const DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

/** The layer of a SIF image. */
export const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
/** The layer of a SIF image as the first clients pushed it; the spelling is theirs. */
export const SIF_LAYER_PROTOTYPE = "appliciation/vnd.sylabs.sif.layer.tar";
/** The config that Apptainer pushes; published images vary, so it is never asked for. */
export const SIF_CONFIG = "application/vnd.sylabs.sif.config.v1+json";

/** Whether a layer of this media type is a SIF image. */
export function isSifLayer(mediaType: string): boolean {
  return mediaType === SIF_LAYER || mediaType === SIF_LAYER_PROTOTYPE;
}

/** Whether this is a known type of manifest that lists other manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_MANIFEST_LIST;
}

/** Whether this is a known type of manifest that lists blobs. */
export function isImageType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST || mediaType === OCI_ARTIFACT_MANIFEST;
}

/**
 * The `Accept` value to ask a registry for any manifest. Each type is named, since registries convert or refuse a
 * manifest whose type is missing; the wildcard lets manifests through whose type nobody here has heard of.
 */
export const MANIFEST_ACCEPT = [
  OCI_MANIFEST,
  OCI_INDEX,
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_ARTIFACT_MANIFEST,
  "*/*",
].join(", ");

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

/**
 * Whether a text is a media type without parameters: RFC 6838 section 4.2. What a manifest calls its parts is whatever
 * its maker wrote; only this may become a header.
 */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/** A media type as it is compared: without parameters, in lower case. Empty for a missing header. */
export function mediaTypeEssence(contentType: string | null): string {
  return (contentType ?? "").split(";", 1).join("").trim().toLowerCase();
}
