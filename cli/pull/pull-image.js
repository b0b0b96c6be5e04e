/** Pulling an image: look it up, fetch it, check it, and only then give it its name. */

import { stat } from "node:fs/promises";
import path from "node:path";
import { CliError, errorCode } from "../failure.js";
import { fileFailure } from "../files/file-failure.js";
import { hashHandle, readingFile } from "../files/hash-file.js";
import { safeFileName } from "../files/safe-name.js";
import { formatReference, pathOf, splitReference } from "../reference.js";
import { downloadInto } from "./download.js";
import { PartialFile } from "./partial-file.js";

/** @import { Client } from "../http/client.js" */
/** @import { Progress } from "../progress/progress.js" */

/**
 * @typedef {object} PullOptions
 * @property {Client} client
 * @property {Progress} progress
 * @property {AbortSignal} signal
 * @property {string} query of the image, such as `?arch=arm64`
 * @property {number} attempts
 * @property {boolean} force whether another file of the same name is replaced
 */

/**
 * @typedef {object} PulledImage
 * @property {string} reference
 * @property {string} file
 * @property {string} digest
 * @property {number} size
 * @property {boolean} downloaded false where the file was there already
 * @property {number} resumedFrom bytes that an earlier run had fetched
 */

/**
 * @param {string} reference
 * @param {string | undefined} file or an existing directory; what the server proposes when left out
 * @param {PullOptions} options
 * @returns {Promise<PulledImage>}
 * @throws {CliError}
 */
export async function pullImage(reference, file, options) {
  const { client, progress, signal, query, attempts } = options;
  const wanted = splitReference(reference);
  const action = `pull "${formatReference(wanted)}"`;
  const { body: image } = await client.json("GET", `/v1/digest/${pathOf(formatReference(wanted))}${query}`, {
    action,
  });
  const { digest, size, manifest } = image;
  if (!/^sha256:[0-9a-f]{64}$/.test(digest) || !Number.isSafeInteger(size)) {
    throw new CliError(
      "failure",
      `Cannot ${action}: the server told no digest and size; is it a sif-edge service?`,
    );
  }
  const target = await chooseTarget(file, image.filename, action);
  const result = { reference: image.reference ?? formatReference(wanted), file: target, digest, size };
  if (await isThere(target, result, options)) return { ...result, downloaded: false, resumedFrom: 0 };

  const partial = await PartialFile.open(target, digest);
  try {
    const label = path.basename(target);
    await takeOver(partial, label, size, options);
    await partial.checkRoom(size);
    const resumedFrom = partial.receivedBytes;
    const transfer = progress.begin(`Pulling ${label}`, size);
    try {
      await downloadInto({
        client,
        // The tag may move on while this runs.
        path: `/v1/images/${pathOf(formatReference({ ...wanted, digest: manifest.digest }))}${query}`,
        action,
        digest,
        sizeBytes: size,
        attempts,
        partial,
        transfer,
        signal,
        note: (text) => progress.note(text),
      });
    } finally {
      transfer.end();
    }
    if (!options.force && (await exists(target))) throw inTheWay(target);
    await partial.become(target);
    return { ...result, downloaded: true, resumedFrom };
  } finally {
    await partial.close();
  }
}

/**
 * @param {string | undefined} file
 * @param {unknown} proposed
 * @param {string} action
 */
async function chooseTarget(file, proposed, action) {
  if (file !== undefined && !(await isDirectory(file))) return file;
  const name = typeof proposed === "string" ? safeFileName(proposed) : undefined;
  if (name !== undefined) return path.join(file ?? "", name);
  throw new CliError("usage", `Cannot ${action}: the server proposes no usable file name; name a file`);
}

/**
 * Whether the very file is there; another one is in the way.
 * @param {string} target
 * @param {{readonly digest: string, readonly size: number}} image
 * @param {PullOptions} options
 * @throws {CliError} file
 */
async function isThere(target, { digest, size }, { progress, signal, force }) {
  if (!(await exists(target))) return false;
  const same = await readingFile(target, async (handle, sizeBytes) => {
    if (sizeBytes !== size) return false;
    const checking = progress.begin(`Checking ${path.basename(target)}`, size);
    const found = hashHandle(handle, size, { signal, advance: (bytes) => checking.advance(bytes) });
    return (await found.finally(() => checking.end())) === digest;
  });
  if (!same && !force) throw inTheWay(target);
  return same;
}

/**
 * Takes over what an earlier run fetched.
 * @param {PartialFile} partial
 * @param {string} label
 * @param {number} size
 * @param {PullOptions} options
 */
async function takeOver(partial, label, size, { progress, signal }) {
  const left = await partial.leftBytes();
  if (left > size) return partial.reset();
  if (left === 0) return;
  const checking = progress.begin(`Reading what is there of ${label}`, left);
  await partial
    .takeOver(left, { signal, advance: (bytes) => checking.advance(bytes) })
    .finally(() => checking.end());
}

/** @param {string} file */
async function exists(file) {
  return (await statOf(file)) !== undefined;
}

/** @param {string} file */
async function isDirectory(file) {
  return (await statOf(file))?.isDirectory() === true || /[/\\]$/.test(file);
}

/** @param {string} file */
async function statOf(file) {
  try {
    return await stat(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileFailure(error, "read", file);
  }
}

/** @param {string} target */
function inTheWay(target) {
  return new CliError("file", `Cannot write "${target}": another file is there; use --force to replace it`, {
    code: "EEXIST",
  });
}
