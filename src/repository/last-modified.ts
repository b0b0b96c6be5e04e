/** When a blob's content was made, for `Last-Modified` (RFC 9110 section 8.8.2). */

/** OCI image specification 1.1, annotations.md: date and time on which the image was built, RFC 3339. */
const CREATED = "org.opencontainers.image.created";

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Annotations of a manifest or a descriptor. */
export type Annotations = Readonly<Record<string, string>> | undefined;

/**
 * The time that a blob is said to have been modified, in whole seconds (as HTTP dates are) but counted in milliseconds.
 *
 * @param annotations - the blob's own annotations first, then those of the manifest that names it.
 * @param firstNamedMs - when the repository first named the blob; the answer when no annotation tells.
 * A time before 1970 (builders that do not know write the year 1) or after `firstNamedMs` (an origin must not claim the
 * future) tells nothing.
 */
export function lastModified(annotations: readonly Annotations[], firstNamedMs: number): number {
  for (const created of annotations.map((each) => each?.[CREATED])) {
    if (created === undefined || created.length > 64 || !RFC3339.test(created)) continue;
    const createdMs = Date.parse(created);
    if (createdMs >= 0 && createdMs <= firstNamedMs) return toSeconds(createdMs);
  }
  return toSeconds(firstNamedMs);
}

function toSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
