/** The commands there are. */

import { digestCommand } from "./commands/digest.js";
import { hashCommand } from "./commands/hash.js";
import { inspectCommand } from "./commands/inspect.js";
import { linkCommand } from "./commands/link.js";
import { loginCommand } from "./commands/login.js";
import { pullCommand } from "./commands/pull.js";
import { pushCommand } from "./commands/push.js";
import { rmCommand } from "./commands/rm.js";
import { tagsCommand } from "./commands/tags.js";
import { warmCommand } from "./commands/warm.js";

/** @import { Client } from "./http/client.js" */
/** @import { Options } from "./options.js" */
/** @import { Progress } from "./progress/progress.js" */

/**
 * @typedef {object} OptionDescription
 * @property {string} [value] what it takes; a flag takes nothing
 * @property {string} [short]
 * @property {boolean} [multiple] whether it may be given more than once
 * @property {string} help
 */

/**
 * What a command works with.
 * @typedef {object} Context
 * @property {Options} options
 * @property {Progress} progress
 * @property {AbortSignal} signal
 * @property {NodeJS.ProcessEnv} env
 * @property {() => Promise<Client>} connect to the server that is meant
 * @property {(origin: string, token: string | undefined) => Client} connectTo
 */

/**
 * What a command tells on standard output: `document` with `--json`, else `text`.
 * @typedef {object} Result
 * @property {object} document
 * @property {string} text
 */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {readonly string[]} operands `[OPTIONAL]` ones last
 * @property {string} summary
 * @property {readonly string[]} description lines of its help
 * @property {Readonly<Record<string, OptionDescription>>} options
 * @property {(operands: readonly string[], context: Context) => Promise<Result>} run
 */

/** @type {readonly Command[]} */
export const COMMANDS = [
  pushCommand,
  pullCommand,
  digestCommand,
  hashCommand,
  linkCommand,
  warmCommand,
  inspectCommand,
  tagsCommand,
  rmCommand,
  loginCommand,
];
