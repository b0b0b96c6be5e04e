const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Throughput of so many bytes in so many milliseconds. */
export function mebibytesPerSecond(bytes: number, ms: number): number {
  return bytes / 2 ** 20 / (ms / 1000);
}

/**
 * Reads a size such as `64MiB`.
 *
 * @throws RangeError where it is none
 */
export function parseSize(text: string): number {
  const [, count, unit = ""] = /^(\d+)(KiB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes === 0) {
    throw new RangeError(`Cannot read size "${text}": it must be a number of KiB, MiB or GiB, such as 64MiB`);
  }
  return bytes;
}
