/** The integers of a SIF file: little-endian, packed, 64 bits wide and signed where they count bytes or seconds. */

const LAST_SECOND_OF_YEAR_9999 = 253_402_300_799;

/**
 * Reads a signed 64-bit integer. Values beyond 2^53 come out rounded, which loses nothing: they stay far beyond any
 * file's size and are refused by whoever checks them.
 */
export function readInt64(view: DataView, offsetBytes: number): number {
  return Number(view.getBigInt64(offsetBytes, true));
}

/**
 * A SIF time as RFC 3339 in UTC, `2020-05-22T19:30:59Z`, or null where the file tells none. Go's zero time (year 1,
 * written by reproducible builds), zero, and what no four-digit year can hold all count as untold.
 */
export function formatTime(unixSeconds: number): string | null {
  if (!(unixSeconds > 0 && unixSeconds <= LAST_SECOND_OF_YEAR_9999)) return null;
  return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
