/** Where this program keeps what it remembers: the XDG Base Directory Specification. */

import { homedir } from "node:os";
import path from "node:path";

/**
 * The file with the addresses and tokens of servers.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function loginFile(env) {
  return path.join(base(env["XDG_CONFIG_HOME"], ".config"), "sif-edge", "login.json");
}

/**
 * The directory with the uploads that are under way.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function uploadsDirectory(env) {
  return path.join(base(env["XDG_STATE_HOME"], path.join(".local", "state")), "sif-edge", "uploads");
}

/**
 * @param {string | undefined} value relative paths are to be ignored, the specification says
 * @param {string} usual
 */
function base(value, usual) {
  return value !== undefined && path.isAbsolute(value) ? value : path.join(homedir(), usual);
}
