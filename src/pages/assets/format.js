/** Numbers and times as people read them. The pages' server and their browsers use the same file. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * A size such as `1.25 GiB`: three digits, as many as one compares.
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

/**
 * A number with thin spaces between thousands, which read the same in every language.
 * @param {number} count
 */
export function formatCount(count) {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, "\u202F");
}

/**
 * A time as `2026-03-14 09:26 UTC`; `undefined` for what is none.
 * @param {string | null | undefined} time
 */
export function formatTime(time) {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/**
 * How long something takes, in the two largest units.
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/**
 * How far a fill is, in words.
 * @param {{ state: string, size: number, stored: number, bytesPerSecond: number, committedAt: string | null, detail: string | null }} cache
 *   the state as `/v1/cache` tells it
 * @param {string} upstream name of the registry that the image comes from, `local` for what is stored here
 */
export function describeFill(cache, upstream) {
  switch (cache.state) {
    case "committed":
      return `${upstream === "local" ? "Stored" : "Cached"} here. Its digest was checked on ${formatTime(cache.committedAt) ?? "arrival"}.`;
    case "filling": {
      const rate = cache.bytesPerSecond;
      const left = rate > 0 ? ` · ${formatDuration((cache.size - cache.stored) / rate)} left` : "";
      const speed = rate > 0 ? ` · ${formatBytes(rate)}/s${left}` : "";
      return cache.stored < cache.size
        ? `Fetching from ${upstream}: ${formatBytes(cache.stored)} of ${formatBytes(cache.size)}${speed}`
        : `Fetched from ${upstream}. Checking the digest…`;
    }
    case "failed":
      return `The last attempt failed. ${cache.detail ?? ""}`;
    default:
      return `Not in the cache yet. The first download fetches it from ${upstream}.`;
  }
}
