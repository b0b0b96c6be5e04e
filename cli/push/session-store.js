/**
 * Remembers uploads that are under way, so that another run goes on where this one stopped: one small file for each
 * server, repository and digest. A session's address may be all that is needed to write to it, so the files are private.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { takeLock } from "../files/lock.js";
import { writePrivate } from "../files/write-private.js";

/**
 * @typedef {object} SessionMemory
 * @property {() => Promise<string | undefined>} read the session's address
 * @property {(location: string) => Promise<void>} write
 * @property {() => Promise<void>} forget
 * @property {() => Promise<void>} close lets others use it
 */

/** Remembers nothing. */
const NO_MEMORY = Object.freeze({
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
  close: async () => {},
});

/**
 * The memory of one upload. Where another process is at the same upload, or the directory cannot be written to, this
 * one has none: it uses a session of its own.
 * @param {string} directory
 * @param {readonly string[]} key what tells this upload from others
 * @returns {Promise<SessionMemory>}
 */
export async function openSessionMemory(directory, key) {
  const name = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 32);
  const file = path.join(directory, `${name}.json`);
  const lock = await lockIn(directory, `${file}.lock`);
  if (lock === undefined) return NO_MEMORY;
  return {
    read: () => readLocation(file),
    // An upload that cannot be remembered is still an upload.
    write: (location) => writePrivate(file, `${JSON.stringify({ key, location })}\n`).catch(() => {}),
    forget: () => rm(file, { force: true }).catch(() => {}),
    close: lock.release,
  };
}

/**
 * @param {string} directory
 * @param {string} file
 */
async function lockIn(directory, file) {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await takeLock(file);
    return "release" in lock ? lock : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} file */
async function readLocation(file) {
  try {
    const { location } = JSON.parse(await readFile(file, "utf8"));
    return typeof location === "string" ? location : undefined;
  } catch {
    return undefined;
  }
}
