/** When an image was made, as Apptainer tells in the manifest when it pushes the file. */

import { readMetadata } from "./inspect-metadata.ts";
import type { SifFile } from "./reader.ts";
import { findObject, INSPECT_METADATA_NAME } from "./wanted-objects.ts";

/** OCI image specification 1.1, annotations.md; builders put it among the labels of the image. */
const CREATED = "org.opencontainers.image.created";

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The value of the manifest's annotation, RFC 3339 in UTC and whole seconds: the image's own label, or the time now for
 * an image that has no metadata at all. `undefined` where Apptainer writes none, and where it would refuse to push: an
 * image without any object, or with a label that is no time.
 */
export function createdAnnotation(file: SifFile, nowMs: number): string | undefined {
  if (file.objects.length === 0) return undefined;
  if (findObject(file.objects, "GenericJSON", INSPECT_METADATA_NAME) === undefined) return format(nowMs);
  const label = readMetadata(file).metadata.labels[CREATED];
  if (label === undefined || !RFC3339.test(label)) return undefined;
  const createdMs = Date.parse(label);
  return Number.isNaN(createdMs) ? undefined : format(createdMs);
}

function format(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
