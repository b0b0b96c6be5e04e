/** What goes wrong with local files, as the user is told of it. */

import { CliError, errorCode, messageOf } from "../failure.js";

/** @type {ReadonlyMap<string, string>} */
const REASONS = new Map([
  ["ENOENT", "there is no such file or directory"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EISDIR", "it is a directory"],
  ["ENOTDIR", "a part of its path is no directory"],
  ["EROFS", "the file system is read-only"],
  [
    "ENOSPC",
    "the disk is full; make room and run the same command again, which goes on where this one stopped",
  ],
  [
    "EDQUOT",
    "the quota is used up; make room and run the same command again, which goes on where this one stopped",
  ],
  ["EFBIG", "the file system takes no file of this size"],
  ["ENAMETOOLONG", "the name is too long; name another file"],
]);

/**
 * @param {unknown} error
 * @param {string} action such as `write`
 * @param {string} file
 * @returns {CliError}
 */
export function fileFailure(error, action, file) {
  const reason = REASONS.get(errorCode(error) ?? "") ?? messageOf(error);
  return new CliError("file", `Cannot ${action} "${file}": ${reason}`, {
    code: errorCode(error),
    cause: error,
  });
}

/**
 * Runs something that only a file can make fail.
 * @template T
 * @param {string} action
 * @param {string} file
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 * @throws {CliError} file
 */
export async function withFile(action, file, act) {
  try {
    return await act();
  } catch (error) {
    throw error instanceof CliError ? error : fileFailure(error, action, file);
  }
}
