/** What sort of image a SIF file is, told from its descriptors. */

import { ENCRYPTED_FILE_SYSTEMS, PRIMARY_PARTITION } from "./data-types.ts";
import type { SifObject } from "./descriptor.ts";

/**
 * `native`: one that runs; `encrypted`: one that runs given its key; `data`: partitions of data only; `oci-sif`: an OCI
 * image in a SIF file; `other`: none of these, such as an empty one.
 */
export type ImageKind = "native" | "encrypted" | "data" | "oci-sif" | "other";

/** Tells the sort of image. */
export function imageKind(objects: readonly SifObject[]): ImageKind {
  if (objects.some(({ type }) => type === "OCIRootIndex")) return "oci-sif";
  const primary = objects.find(({ partition }) => partition?.type === PRIMARY_PARTITION);
  if (primary?.partition !== undefined) {
    return ENCRYPTED_FILE_SYSTEMS.has(primary.partition.fileSystem) ? "encrypted" : "native";
  }
  return objects.some(({ partition }) => partition?.type === "Data") ? "data" : "other";
}
