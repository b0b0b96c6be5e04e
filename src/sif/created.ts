/** When an image was made, as Apptainer tells in the manifest when it pushes the file. */

import { readMetadata } from "./inspect-metadata.ts";
import type { SifFile } from "./reader.ts";
import { findObject, INSPECT_METADATA_NAME } from "./wanted-objects.ts";

/** OCI image specification 1.1, annotations.md; builders put it among the labels of the image. */
const CREATED = "org.opencontainers.image.created";

/** RFC 3339 section 5.6; Go reads a comma before the fraction as well. */
const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,]\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The value of the manifest's annotation, RFC 3339 in UTC and whole seconds: the image's own label, or the time now for
 * an image that has no metadata at all. `undefined` where Apptainer writes none, and where the label is no time, with
 * which Apptainer would refuse to push. The command-line client has the same, in `cli/sif/created.js`.
 */
export function createdAnnotation(file: SifFile, nowMs: number): string | undefined {
  if (findObject(file.objects, "GenericJSON", INSPECT_METADATA_NAME) === undefined)
    return wholeSeconds(nowMs);
  return inUtc(readMetadata(file).metadata.labels[CREATED] ?? "");
}

function inUtc(label: string): string | undefined {
  const [, local = "", zone = ""] = RFC3339.exec(label) ?? [];
  // A day or an hour that there is none of would silently become another.
  if (wholeSeconds(Date.parse(`${local}Z`)) !== `${local}Z`) return undefined;
  return wholeSeconds(Date.parse(local + zone));
}

/** `undefined` for no time, and for years that RFC 3339 cannot write. */
function wholeSeconds(timeMs: number): string | undefined {
  if (Number.isNaN(timeMs)) return undefined;
  const text = new Date(timeMs).toISOString();
  return /^[0-9]/.test(text) ? `${text.slice(0, 19)}Z` : undefined;
}
