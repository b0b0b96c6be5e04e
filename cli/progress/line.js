/** A line that tells how far something is. */

import { printable } from "../text.js";
import { formatBytes, formatSeconds } from "../units.js";

const MAX_BAR = 30;
const MIN_BAR = 8;

/**
 * @typedef {object} State
 * @property {string} label what is done: `Pushing tool.sif`
 * @property {number} doneBytes
 * @property {number} totalBytes
 * @property {number | undefined} bytesPerSecond
 */

/**
 * As words, for a log: `Pushing tool.sif: 45 %, 460.0 MiB of 1.0 GiB, 95.0 MiB/s, 0:06 left`.
 * @param {State} state
 * @returns {string}
 */
export function progressText(state) {
  return `${printable(state.label)}: ${[`${percent(state)} %`, ...facts(state)].join(", ")}`;
}

/**
 * As a bar, for a terminal: never wider than it.
 * @param {State} state
 * @param {number} columns
 * @returns {string}
 */
export function progressBar(state, columns) {
  const tail = [`${String(percent(state)).padStart(3)} %`, ...facts(state)].join("  ");
  // The last column stays free: some terminals wrap when it is written to.
  const room = columns - 1;
  const label = printable(state.label);
  const barWidth = Math.min(MAX_BAR, room - label.length - tail.length - 4);
  if (barWidth >= MIN_BAR) return `${label}  ${bar(state, barWidth)}  ${tail}`;
  if (label.length + 2 + tail.length <= room) return `${label}  ${tail}`;
  const cut = room - tail.length - 3;
  return cut >= MIN_BAR ? `${label.slice(0, cut)}…  ${tail}` : tail.slice(0, Math.max(0, room));
}

/** @param {State} state */
function fraction({ doneBytes, totalBytes }) {
  return totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
}

/** @param {State} state */
function percent(state) {
  // 100 only when it is done.
  return Math.floor(fraction(state) * 100);
}

/**
 * @param {State} state
 * @param {number} width
 */
function bar(state, width) {
  const full = Math.floor(fraction(state) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** @param {State} state */
function facts({ doneBytes, totalBytes, bytesPerSecond }) {
  const amount = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  if (bytesPerSecond === undefined) return [amount];
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  if (doneBytes >= totalBytes) return [amount, rate];
  if (bytesPerSecond < 1) return [amount, "stalled"];
  return [amount, rate, `${formatSeconds((totalBytes - doneBytes) / bytesPerSecond)} left`];
}
