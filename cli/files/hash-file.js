/** Reading a file, and its digest, in memory that does not grow with it. */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { CliError } from "../failure.js";
import { withFile } from "./file-failure.js";

/** @import { Hash } from "node:crypto" */
/** @import { FileHandle } from "node:fs/promises" */

/** Fewer, larger reads: SHA-256 is then what takes the time. */
const READ_BYTES = 1024 * 1024;

/**
 * Feeds the first bytes of a file to a hash.
 * @param {FileHandle} handle
 * @param {number} endBytes how many; must be in the file
 * @param {{readonly hash: Hash, readonly signal: AbortSignal, readonly advance: (bytes: number) => void}} options
 */
export async function hashRange(handle, endBytes, { hash, signal, advance }) {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(endBytes, 1)));
  let at = 0;
  while (at < endBytes) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, endBytes - at), at);
    if (bytesRead === 0) throw new Error("it became shorter while it was read");
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    advance(bytesRead);
  }
}

/**
 * The digest of an open file's first bytes.
 * @param {FileHandle} handle
 * @param {number} sizeBytes
 * @param {{readonly signal: AbortSignal, readonly advance: (bytes: number) => void}} options
 * @returns {Promise<string>} `sha256:<hex>`
 */
export async function hashHandle(handle, sizeBytes, { signal, advance }) {
  const hash = createHash("sha256");
  await hashRange(handle, sizeBytes, { hash, signal, advance });
  return `sha256:${hash.digest("hex")}`;
}

/**
 * Opens a regular file for reading, for as long as something is done with it.
 * @template T
 * @param {string} file
 * @param {(handle: FileHandle, sizeBytes: number) => Promise<T>} act
 * @returns {Promise<T>}
 * @throws {CliError} file
 */
export async function readingFile(file, act) {
  const handle = await withFile("read", file, () => open(file, "r"));
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CliError("file", `Cannot read "${file}": it is no regular file`);
    return await act(handle, stats.size);
  } finally {
    await handle.close();
  }
}
