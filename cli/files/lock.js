/**
 * Keeps two processes from working on one file. The lock is a file beside it that its owner touches now and then; one
 * whose process is dead, or that was not touched for long, is taken over.
 */

import { open, readFile, stat, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { errorCode } from "../failure.js";

const TOUCH_MS = 15_000;
const STALE_MS = 120_000;

/** @typedef {{readonly pid: number, readonly host: string}} Owner */

/**
 * Takes the lock, or tells who has it.
 * @param {string} file the lock
 * @returns {Promise<{readonly release: () => Promise<void>} | {readonly owner: Owner | undefined}>}
 * @throws what the file system throws
 */
export async function takeLock(file) {
  if (await create(file)) return { release: keep(file) };
  const owner = await readOwner(file);
  if (!(await isStale(file, owner))) return { owner };
  await unlink(file).catch(() => {});
  return (await create(file)) ? { release: keep(file) } : { owner: await readOwner(file) };
}

/**
 * @param {string} file
 * @returns {Promise<boolean>} false where it exists
 */
async function create(file) {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
    await handle.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function keep(file) {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, TOUCH_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await unlink(file).catch(() => {});
  };
}

/**
 * @param {string} file
 * @returns {Promise<Owner | undefined>}
 */
async function readOwner(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {Owner | undefined} owner
 */
async function isStale(file, owner) {
  if (owner?.host === hostname() && !(await isAlive(owner.pid))) return true;
  try {
    return Date.now() - (await stat(file)).mtimeMs > STALE_MS;
  } catch {
    return true;
  }
}

/** @param {number} pid */
async function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  // A killed process whose parent has not asked for its exit code still has its number.
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
}
