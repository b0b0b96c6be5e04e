/** From a command line to an exit code. */

import { parseCommandLine } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import { CliError, EXIT_CODES } from "./failure.js";
import { commandHelp, generalHelp } from "./help.js";
import { Client } from "./http/client.js";
import { Progress, progressStyle } from "./progress/progress.js";
import { chooseServer, chooseToken } from "./settings/server.js";
import { printable } from "./text.js";
import { parseSeconds } from "./units.js";
import { VERSION } from "./version.js";

/** @import { CommandLine } from "./arguments.js" */
/** @import { Context } from "./commands.js" */

const DEFAULT_TIMEOUT_SECONDS = 120;
/** @type {readonly NodeJS.Signals[]} */
const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs one command.
 * @param {readonly string[]} args without the program
 * @returns {Promise<number>} the exit code
 */
export async function run(args) {
  const stop = new AbortController();
  for (const name of STOPPING) process.once(name, () => stop.abort(stopped(name)));
  // A pipe's reader that has seen enough, such as head, is no failure.
  process.stdout.on("error", () => process.exit());

  const json = args.includes("--json");
  try {
    const line = parseCommandLine(args, COMMANDS);
    if (line.wants === "version") process.stdout.write(`${VERSION}\n`);
    else if (line.wants === "help")
      process.stdout.write(line.command ? commandHelp(line.command) : generalHelp());
    else await execute(line, stop.signal);
    return 0;
  } catch (error) {
    return report(error, json);
  }
}

/**
 * @param {CommandLine & {readonly wants: "run"}} line
 * @param {AbortSignal} signal
 */
async function execute({ command, positionals, options }, signal) {
  const { env } = process;
  const progress = new Progress(
    process.stderr,
    progressStyle(process.stderr, { quiet: options.flag("quiet"), env }),
  );
  const timeout = options.text("timeout");
  const idleMs =
    (timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : parseSeconds(timeout, "--timeout")) * 1000;
  /** @type {Context["connectTo"]} */
  const connectTo = (origin, token) =>
    new Client({ origin, token, idleMs, signal, note: (text) => progress.note(text) });
  const connect = async () => {
    const origin = await chooseServer(options.text("server"), env);
    return connectTo(origin, await chooseToken(origin, env));
  };
  const context = { options, progress, signal, env, connect, connectTo };
  const result = await command.run(positionals, context);
  const text = options.flag("json") ? `${JSON.stringify(result.document)}\n` : result.text;
  process.stdout.write(text);
}

/**
 * @param {unknown} error
 * @param {boolean} json
 * @returns {number} the exit code
 */
function report(error, json) {
  const told = error instanceof CliError ? error : undefined;
  const exitCode = told?.exitCode ?? EXIT_CODES.failure;
  const message =
    told?.message ?? `Unexpected failure: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`sif-edge: ${printable(message)}\n`);
  // A defect: whoever looks into it needs to know where.
  if (told === undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (json) {
    const document = { code: told?.code ?? "unexpected", message, status: told?.status ?? null, exitCode };
    process.stdout.write(`${JSON.stringify({ error: document })}\n`);
  }
  return exitCode;
}

/** @param {NodeJS.Signals} name */
function stopped(name) {
  return new CliError("interrupted", `Stopped by ${name}; run the same command again to go on`);
}
