/** Servers that the user has signed in to, kept in a file that only the user can read. */

import { readFile } from "node:fs/promises";
import { CliError, errorCode } from "../failure.js";
import { fileFailure, withFile } from "../files/file-failure.js";
import { writePrivate } from "../files/write-private.js";
import { loginFile } from "./places.js";

/**
 * @typedef {object} Logins
 * @property {string | undefined} server the one signed in to last: the usual one
 * @property {Readonly<Record<string, string>>} tokens by server
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Logins>}
 * @throws {CliError} where the file is damaged or cannot be read
 */
export async function readLogins(env) {
  const file = loginFile(env);
  /** @type {string} */
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { server: undefined, tokens: {} };
    throw fileFailure(error, "read", file);
  }
  try {
    const { server, tokens } = JSON.parse(text);
    return { server, tokens: { ...tokens } };
  } catch (error) {
    throw new CliError("file", `Cannot read "${file}": it is damaged; delete it and sign in again`, {
      cause: error,
    });
  }
}

/**
 * Remembers a server as the usual one, and its token.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} server
 * @param {string} token
 * @returns {Promise<string>} the file
 */
export async function rememberLogin(env, server, token) {
  const file = loginFile(env);
  const { tokens } = await readLogins(env);
  const text = JSON.stringify({ server, tokens: { ...tokens, [server]: token } }, undefined, 2);
  await withFile("write", file, () => writePrivate(file, `${text}\n`));
  return file;
}
