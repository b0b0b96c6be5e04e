/**
 * A file that is not complete yet, beside the one that it becomes. Its name tells the digest that it is to have, so
 * that what was begun for one image is never gone on with for another.
 */

import { createHash } from "node:crypto";
import { open, rename, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { CliError } from "../failure.js";
import { fileFailure, withFile } from "../files/file-failure.js";
import { hashRange } from "../files/hash-file.js";
import { takeLock } from "../files/lock.js";
import { formatBytes } from "../units.js";

/** @import { FileHandle } from "node:fs/promises" */

/** Bytes that have come, and their hash. */
export class PartialFile {
  /** @type {string} */
  file;
  #handle;
  #release;
  #hash = createHash("sha256");
  /** How many bytes are there, hashed. */
  receivedBytes = 0;

  /**
   * @param {string} file
   * @param {FileHandle} handle
   * @param {() => Promise<void>} release
   */
  constructor(file, handle, release) {
    this.file = file;
    this.#handle = handle;
    this.#release = release;
  }

  /**
   * Opens the partial file of a download, new or left by an earlier run; it has to be closed.
   * @param {string} target what it is to become
   * @param {string} digest
   * @returns {Promise<PartialFile>}
   * @throws {CliError} unavailable, where another process downloads the same
   */
  static async open(target, digest) {
    const file = `${target}.${digest.slice("sha256:".length).slice(0, 12)}.partial`;
    const lockFile = `${file}.lock`;
    const lock = await withFile("write", lockFile, () => takeLock(lockFile));
    if (!("release" in lock)) {
      const who =
        lock.owner === undefined ? "another process" : `process ${lock.owner.pid} on ${lock.owner.host}`;
      throw new CliError(
        "unavailable",
        `Cannot write "${file}": ${who} is downloading it; wait for it, or delete "${lockFile}" if there is none`,
        { code: "download-running" },
      );
    }
    try {
      // Not "a+": that would write to the end whatever position is asked for.
      const handle = await open(file, "r+").catch(() => open(file, "wx+"));
      return new PartialFile(file, handle, lock.release);
    } catch (error) {
      await lock.release();
      throw fileFailure(error, "write", file);
    }
  }

  /** @returns {Promise<number>} bytes that an earlier run left */
  async leftBytes() {
    return (await this.#handle.stat()).size;
  }

  /**
   * Takes over what an earlier run left.
   * @param {number} bytes
   * @param {{readonly signal: AbortSignal, readonly advance: (bytes: number) => void}} options
   */
  async takeOver(bytes, options) {
    await withFile("read", this.file, () => hashRange(this.#handle, bytes, { ...options, hash: this.#hash }));
    this.receivedBytes = bytes;
  }

  /** Begins again with nothing. */
  async reset() {
    await withFile("write", this.file, () => this.#handle.truncate(0));
    this.#hash = createHash("sha256");
    this.receivedBytes = 0;
  }

  /**
   * Makes sure, as far as can be known, that there is room for the rest.
   * @param {number} totalBytes
   * @throws {CliError} file
   */
  async checkRoom(totalBytes) {
    const missing = totalBytes - this.receivedBytes;
    const free = await statfs(path.dirname(path.resolve(this.file))).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Infinity,
    );
    if (free >= missing) return;
    throw new CliError(
      "file",
      `Cannot write "${this.file}": ${formatBytes(missing)} are missing and ${formatBytes(free)} are free; make room, or choose another place`,
      { code: "ENOSPC" },
    );
  }

  /**
   * Appends bytes.
   * @param {Buffer} chunk
   */
  async append(chunk) {
    await withFile("write", this.file, async () => {
      let done = 0;
      while (done < chunk.length) {
        const at = this.receivedBytes + done;
        done += (await this.#handle.write(chunk, done, chunk.length - done, at)).bytesWritten;
      }
    });
    this.#hash.update(chunk);
    this.receivedBytes += chunk.length;
  }

  /** @returns {string} digest of all that is there */
  digest() {
    return `sha256:${this.#hash.copy().digest("hex")}`;
  }

  /**
   * Gives it its name, when every byte is on the disk.
   * @param {string} target
   */
  async become(target) {
    await withFile("write", target, async () => {
      // A longer one may have been left by somebody else's hand.
      await this.#handle.truncate(this.receivedBytes);
      await this.#handle.sync();
      await rename(this.file, target);
      await syncDirectory(path.dirname(path.resolve(target)));
    });
  }

  /** Deletes it. */
  async discard() {
    await rm(this.file, { force: true });
  }

  /** Lets others have it; one with nothing in it is deleted. */
  async close() {
    const empty = this.receivedBytes === 0;
    await this.#handle.close();
    if (empty) await this.discard().catch(() => {});
    await this.#release();
  }
}

/**
 * Without it a power cut could undo the renaming; not every system can do it.
 * @param {string} directory
 */
async function syncDirectory(directory) {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file itself is complete and in place.
  }
}
