/** Amounts as people write and read them. */

import { CliError } from "./failure.js";

const UNITS = ["KiB", "MiB", "GiB", "TiB"];
const FACTORS = new Map([
  ["", 1],
  ["K", 1024],
  ["M", 1024 ** 2],
  ["G", 1024 ** 3],
]);
const SECONDS = new Map([
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
  ["w", 604_800],
]);

/**
 * @param {number} bytes
 * @returns {string} such as `1.5 GiB`
 */
export function formatBytes(bytes) {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let amount = bytes;
  let unit = -1;
  // 1023.95 would be shown as "1024.0".
  while (amount >= 1023.95 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  if (unit < 0) unit = 0;
  return `${amount.toFixed(1)} ${UNITS[unit]}`;
}

/**
 * @param {number} seconds
 * @returns {string} such as `0:07`, `12:34` or `1:02:03`
 */
export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/**
 * Reads a size such as `64M`: K, M and G are powers of 1024.
 * @param {string} text
 * @param {string} option the option that it was given to
 * @returns {number} bytes
 * @throws {CliError} usage
 */
export function parseSize(text, option) {
  const match = /^([1-9][0-9]{0,14})([KMG]?)(?:i?B)?$/i.exec(text);
  const bytes = Number(match?.[1]) * (FACTORS.get((match?.[2] ?? "").toUpperCase()) ?? 1);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new CliError("usage", `Cannot use ${option} "${text}": expected a size such as 64M`);
}

/**
 * Reads a time such as `7d`, `12h` or `90` (seconds).
 * @param {string} text
 * @param {string} option the option that it was given to
 * @returns {number} seconds
 * @throws {CliError} usage
 */
export function parseSeconds(text, option) {
  const match = /^([1-9][0-9]{0,9})([smhdw]?)$/.exec(text);
  const seconds = Number(match?.[1]) * (SECONDS.get(match?.[2] ?? "") ?? 1);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new CliError("usage", `Cannot use ${option} "${text}": expected a time such as 12h or 7d`);
}

/**
 * Reads a number from 1 on.
 * @param {string} text
 * @param {string} option the option that it was given to
 * @returns {number}
 * @throws {CliError} usage
 */
export function parseCount(text, option) {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new CliError("usage", `Cannot use ${option} "${text}": expected a whole number from 1 on`);
}
