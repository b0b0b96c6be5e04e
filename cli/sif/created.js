/** When an image was made, as Apptainer puts it into the manifest that it pushes. */

const CREATED_LABEL = "org.opencontainers.image.created";
/** RFC 3339 section 5.6. */
const RFC_3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,][0-9]+)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/**
 * The value of the annotation `org.opencontainers.image.created`: the label of that name, in UTC and whole seconds. An
 * image without metadata counts as made now; one whose metadata has no such label, or none that is a time, has none.
 * @param {string | undefined} metadata text of the image's metadata
 * @param {Date} now
 * @returns {string | undefined}
 */
export function createdTime(metadata, now) {
  if (metadata === undefined) return wholeSeconds(now);
  const label = readLabel(metadata);
  const time = typeof label === "string" ? parseTime(label) : undefined;
  return time === undefined ? undefined : wholeSeconds(time);
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
 * @param {string} text
 * @returns {Date | undefined}
 */
function parseTime(text) {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [zoneHours, zoneMinutes] = [Number(match[8] ?? 0), Number(match[9] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || zoneHours > 23 || zoneMinutes > 59) return undefined;
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  // A day that the month does not have became another one.
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined;
  const zoneMs = (zoneHours * 60 + zoneMinutes) * 60_000 * (match[7] === "-" ? -1 : 1);
  return new Date(local.getTime() - zoneMs);
}

/** @param {Date} time */
function wholeSeconds(time) {
  return time.toISOString().replace(/\.[0-9]+Z$/, "Z");
}
