/** Which server is meant, and with which token. */

import { CliError } from "../failure.js";
import { readLogins } from "./logins.js";

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/;

/**
 * Checks the address of a server.
 * @param {string} text
 * @param {string} source where it is from, for the message
 * @returns {string} without a trailing slash
 * @throws {CliError} usage
 */
export function parseServer(text, source) {
  const url = parseUrl(text);
  const plain =
    url !== null &&
    ["http:", "https:"].includes(url.protocol) &&
    url.pathname === "/" &&
    url.search + url.hash + url.username + url.password === "";
  if (plain) return url.origin;
  throw new CliError(
    "usage",
    `Cannot use ${source}: expected the address of a server alone, such as https://sif.example.org`,
  );
}

/**
 * `URL.parse()`, which Node 20 lacks.
 * @param {string} text
 */
function parseUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/**
 * Whether what is sent there can be read on the way.
 * @param {string} server
 * @returns {boolean}
 */
export function isUnprotected(server) {
  const { protocol, hostname } = new URL(server);
  return protocol === "http:" && !LOOPBACK.test(hostname);
}

/**
 * The server that is meant: the option, else the environment, else the one signed in to last.
 * @param {string | undefined} option
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>}
 * @throws {CliError} usage, where there is none
 */
export async function chooseServer(option, env) {
  if (option !== undefined) return parseServer(option, `--server "${option}"`);
  const fromEnv = env["SIF_EDGE_SERVER"];
  if (fromEnv !== undefined && fromEnv !== "") return parseServer(fromEnv, `SIF_EDGE_SERVER "${fromEnv}"`);
  const { server } = await readLogins(env);
  if (server !== undefined) return parseServer(server, `the stored server "${server}"`);
  throw new CliError(
    "usage",
    "Cannot tell which server is meant: give --server URL, set SIF_EDGE_SERVER, or sign in with: sif-edge login URL",
  );
}

/**
 * The token for a server: the environment's, else the one it was signed in with.
 * @param {string} server
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>}
 * @throws {CliError} usage
 */
export async function chooseToken(server, env) {
  const fromEnv = env["SIF_EDGE_TOKEN"];
  if (fromEnv !== undefined && fromEnv !== "") return parseToken(fromEnv, "SIF_EDGE_TOKEN");
  return (await readLogins(env)).tokens[server];
}

/**
 * Checks a token; it is not shown, whatever is wrong with it.
 * @param {string} text
 * @param {string} source
 * @returns {string}
 * @throws {CliError} usage
 */
export function parseToken(text, source) {
  const token = text.trim();
  if (/^[\x21-\x7E]{1,8192}$/.test(token)) return token;
  throw new CliError(
    "usage",
    `Cannot use the token from ${source}: it is empty, or has blanks or letters beyond ASCII`,
  );
}
