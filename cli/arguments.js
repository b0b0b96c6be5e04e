/** Reading a command line. */

import { parseArgs } from "node:util";
import { CliError, errorCode, messageOf } from "./failure.js";
import { Options } from "./options.js";

/** @import { Command, OptionDescription } from "./commands.js" */

/** Options of every command. */
export const COMMON_OPTIONS = Object.freeze({
  server: { value: "URL", help: "the service; else SIF_EDGE_SERVER, else the one signed in to last" },
  timeout: { value: "TIME", help: "give a connection up on which nothing moves for so long (120s)" },
  json: { help: "write one JSON document to standard output" },
  quiet: { short: "q", help: "no progress and no notes" },
  help: { short: "h", help: "show this help" },
});

/**
 * @typedef {{readonly wants: "version"} | {readonly wants: "help", readonly command: Command | undefined} | {
 *   readonly wants: "run", readonly command: Command, readonly positionals: readonly string[], readonly options: Options
 * }} CommandLine
 */

/**
 * @param {readonly string[]} args
 * @param {readonly Command[]} commands
 * @returns {CommandLine}
 * @throws {CliError} usage
 */
export function parseCommandLine(args, commands) {
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...describe(COMMON_OPTIONS), version: { type: "boolean", short: "V" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const word = tokens.find((token) => token.kind === "positional");
  if (word === undefined) {
    if (tokens.some((token) => token.kind === "option" && token.name === "version"))
      return { wants: "version" };
    const asked =
      args.length === 0 || tokens.some((token) => token.kind === "option" && token.name === "help");
    if (asked) return { wants: "help", command: undefined };
    throw usage("Cannot run: there is no command", undefined);
  }
  const command = commands.find(({ name }) => name === word.value);
  if (command === undefined) throw usage(`Cannot run "${word.value}": there is no such command`, undefined);

  const rest = args.filter((_, index) => index !== word.index);
  const { values, positionals } = parseStrictly(rest, command);
  if (values["help"] === true) return { wants: "help", command };
  const least = command.operands.filter((operand) => !operand.startsWith("[")).length;
  if (positionals.length < least || positionals.length > command.operands.length) {
    throw usage(
      `Cannot run "${command.name}": expected ${command.operands.join(" ") || "no operands"}`,
      command,
    );
  }
  return { wants: "run", command, positionals, options: new Options(values) };
}

/**
 * @param {readonly string[]} args
 * @param {Command} command
 */
function parseStrictly(args, command) {
  try {
    return parseArgs({
      args: [...args],
      options: describe({ ...COMMON_OPTIONS, ...command.options }),
      allowPositionals: true,
    });
  } catch (error) {
    if (!errorCode(error)?.startsWith("ERR_PARSE_ARGS_")) throw error;
    // The first sentence says what is wrong; what follows are hints about the library.
    throw usage(`Cannot run "${command.name}": ${messageOf(error).split(/\. (?=[A-Z])/, 1)[0]}`, command);
  }
}

/**
 * @param {Readonly<Record<string, OptionDescription>>} options
 */
function describe(options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short, multiple }]) => [
      name,
      {
        type: value === undefined ? /** @type {const} */ ("boolean") : /** @type {const} */ ("string"),
        ...(short === undefined ? {} : { short }),
        ...(multiple === true ? { multiple } : {}),
      },
    ]),
  );
}

/**
 * @param {string} message
 * @param {Command | undefined} command
 */
function usage(message, command) {
  return new CliError(
    "usage",
    `${message}; see: sif-edge ${command === undefined ? "" : `${command.name} `}--help`,
  );
}
