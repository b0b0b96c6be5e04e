/** What `--help` shows. */

import { COMMON_OPTIONS } from "./arguments.js";
import { COMMANDS } from "./commands.js";

/** @import { Command, OptionDescription } from "./commands.js" */

/** @returns {string} */
export function generalHelp() {
  return [
    "SIF images through a sif-edge service.",
    "",
    "Usage: sif-edge COMMAND [OPTION]...",
    "",
    "Commands:",
    ...columns(COMMANDS.map((command) => [synopsis(command), command.summary])),
    "",
    "Options of every command:",
    ...optionLines(COMMON_OPTIONS),
    "",
    "Environment: SIF_EDGE_SERVER, SIF_EDGE_TOKEN",
    "REF is registry/repository:tag, such as ghcr.io/org/image:1.0 or local/tools/blast:2.15",
    "",
  ].join("\n");
}

/**
 * @param {Command} command
 * @returns {string}
 */
export function commandHelp(command) {
  const own =
    Object.keys(command.options).length === 0 ? [] : ["Options:", ...optionLines(command.options), ""];
  return [
    `Usage: sif-edge ${synopsis(command)} [OPTION]...`,
    "",
    ...command.description,
    "",
    ...own,
    "Options of every command:",
    ...optionLines(COMMON_OPTIONS),
    "",
  ].join("\n");
}

/** @param {Command} command */
function synopsis({ name, operands }) {
  return [name, ...operands].join(" ");
}

/** @param {Readonly<Record<string, OptionDescription>>} options */
function optionLines(options) {
  return columns(
    Object.entries(options).map(([name, { short, value, help }]) => [
      `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
      help,
    ]),
  );
}

/** @param {[string, string][]} rows */
function columns(rows) {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
