/** When an image was made, as Apptainer puts it into the manifest that it pushes. */

const CREATED_LABEL = "org.opencontainers.image.created";
/** RFC 3339 section 5.6; Go reads a comma before the fraction as well. */
const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,]\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The value of the annotation `org.opencontainers.image.created`: the label of that name, in UTC and whole seconds. An
 * image without metadata counts as made now; one whose metadata has no such label, or none that is a time, has none.
 * The service has the same, in `src/sif/created.ts`.
 * @param {string | undefined} metadata text of the image's metadata
 * @param {Date} now
 * @returns {string | undefined}
 */
export function createdTime(metadata, now) {
  if (metadata === undefined) return wholeSeconds(now.getTime());
  const label = readLabel(metadata);
  return typeof label === "string" ? inUtc(label) : undefined;
}

/**
 * @param {string} metadata
 * @returns {unknown}
 */
function readLabel(metadata) {
  try {
    return JSON.parse(metadata)?.data?.attributes?.labels?.[CREATED_LABEL];
  } catch {
    return undefined;
  }
}

/**
 * @param {string} label
 * @returns {string | undefined}
 */
function inUtc(label) {
  const [, local = "", zone = ""] = RFC_3339.exec(label) ?? [];
  // A day or an hour that there is none of would silently become another.
  if (wholeSeconds(Date.parse(`${local}Z`)) !== `${local}Z`) return undefined;
  return wholeSeconds(Date.parse(local + zone));
}

/**
 * @param {number} timeMs
 * @returns {string | undefined} for no time, and for years that RFC 3339 cannot write
 */
function wholeSeconds(timeMs) {
  if (Number.isNaN(timeMs)) return undefined;
  const text = new Date(timeMs).toISOString();
  return /^[0-9]/.test(text) ? `${text.slice(0, 19)}Z` : undefined;
}
