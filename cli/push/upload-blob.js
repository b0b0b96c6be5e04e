/** Bringing a file to the server, in parts, through whatever happens on the way. */

import { CliError } from "../failure.js";
import { streamRange } from "../files/stream-range.js";
import { discard } from "../http/client.js";
import { pathOf } from "../reference.js";
import { formatBytes } from "../units.js";
import { UploadSession } from "./upload-session.js";

/** @import { FileHandle } from "node:fs/promises" */
/** @import { Client } from "../http/client.js" */
/** @import { Transfer } from "../progress/progress.js" */
/** @import { SessionMemory } from "./session-store.js" */

/**
 * @typedef {object} BlobUpload
 * @property {Client} client
 * @property {string} name registry and repository
 * @property {string} action for messages
 * @property {FileHandle} handle
 * @property {string} digest
 * @property {number} sizeBytes 1 at least
 * @property {number} partBytes
 * @property {number} attempts failures in a row that end it
 * @property {SessionMemory} memory
 * @property {Transfer} transfer
 */

/**
 * Asks, once, whether a repository has a blob.
 * @param {Pick<BlobUpload, "client" | "name" | "digest" | "action">} blob
 * @returns {Promise<boolean>}
 * @throws {CliError}
 */
export async function hasBlob({ client, name, digest, action }) {
  const target = `/v2/${pathOf(name)}/blobs/${pathOf(digest)}`;
  const asked = { action, expect: [200, 404] };
  try {
    const response = await client.once("HEAD", target, asked);
    await discard(response);
    return response.statusCode === 200;
  } catch (error) {
    if (!(error instanceof CliError) || error.status === undefined) throw error;
  }
  // A refusal of HEAD comes without a word of why; that of GET has them.
  const response = await client.once("GET", target, asked);
  // Not read to its end, should it be the blob after all.
  response.destroy();
  return response.statusCode === 200;
}

/**
 * Uploads a file as a blob, from where an earlier run stopped.
 * @param {BlobUpload} upload
 * @returns {Promise<{readonly resumedFromBytes: number}>}
 * @throws {CliError}
 */
export async function uploadBlob(upload) {
  const { client, name, action, digest, sizeBytes, memory } = upload;
  const patience = client.patience(upload.attempts);
  const remembered = await memory.read();
  let session = remembered === undefined ? undefined : new UploadSession(client, remembered, action);
  // A session is in doubt where only the server knows how far it is.
  let inDoubt = true;
  /** @type {number | undefined} */
  let resumedFromBytes;
  /** @type {number | undefined} */
  let refusedAtBytes;
  for (;;) {
    try {
      if (session !== undefined && inDoubt) {
        const committed = session.offsetBytes === sizeBytes && (await hasBlob(upload));
        if (committed) break;
        session = await goOnWith(session, sizeBytes, refusedAtBytes);
      }
      session ??= await UploadSession.begin(client, name, action);
      inDoubt = false;
      resumedFromBytes ??= session.offsetBytes;
      await memory.write(session.location);
      upload.transfer.reach(session.offsetBytes);
      while (session.offsetBytes < sizeBytes) {
        await sendPart(session, upload);
        await memory.write(session.location);
        patience.progressed();
      }
      await session.commit(digest);
      break;
    } catch (error) {
      inDoubt = true;
      refusedAtBytes = isStatus(error, 416) ? session?.offsetBytes : undefined;
      if (isStatus(error, 413)) throw tooLarge(upload, error);
      // What the server holds is not the file: of no use to the next run.
      if (error instanceof CliError && error.kind === "mismatch") await memory.forget();
      await patience.failed(session !== undefined && isLost(error) ? asUnavailable(error) : error);
    }
  }
  await memory.forget();
  return { resumedFromBytes: resumedFromBytes ?? 0 };
}

/**
 * Asks how far a session is.
 * @param {UploadSession} session
 * @param {number} sizeBytes
 * @param {number | undefined} refusedAtBytes where the server last said that it is elsewhere
 * @returns {Promise<UploadSession | undefined>} undefined where it cannot be gone on with
 */
async function goOnWith(session, sizeBytes, refusedAtBytes) {
  try {
    await session.refresh();
  } catch (error) {
    const lasting = error instanceof CliError && !["unavailable", "denied"].includes(error.kind);
    if (!lasting) throw error;
    return undefined;
  }
  if (session.offsetBytes <= sizeBytes && session.offsetBytes !== refusedAtBytes) return session;
  await session.cancel();
  return undefined;
}

/**
 * @param {UploadSession} session
 * @param {BlobUpload} upload
 */
async function sendPart(session, { action, handle, sizeBytes, partBytes, transfer }) {
  const start = session.offsetBytes;
  const bytes = Math.min(Math.max(partBytes, session.minPartBytes), sizeBytes - start);
  const body = streamRange(handle, start, bytes, (sent) => transfer.advance(sent));
  await session.send(body, bytes);
  if (session.offsetBytes <= start) {
    throw new CliError("unavailable", `Cannot ${action}: the server took none of the bytes it was sent`);
  }
  if (session.offsetBytes !== start + bytes) transfer.reach(session.offsetBytes);
}

/**
 * Whether it may be the session's fault alone.
 * @param {unknown} error
 * @returns {error is CliError}
 */
function isLost(error) {
  if (isStatus(error, 404, 416)) return true;
  return error instanceof CliError && ["BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN"].includes(error.code);
}

/**
 * @param {unknown} error
 * @param {readonly number[]} statuses
 * @returns {error is CliError}
 */
function isStatus(error, ...statuses) {
  return error instanceof CliError && error.status !== undefined && statuses.includes(error.status);
}

/**
 * A session that the server no longer knows, or knows otherwise, is replaced; a few times.
 * @param {CliError} error
 */
function asUnavailable(error) {
  return new CliError("unavailable", error.message, { code: error.code, status: error.status, cause: error });
}

/**
 * @param {BlobUpload} upload
 * @param {CliError} cause
 */
function tooLarge({ action, partBytes }, cause) {
  return new CliError(
    "failure",
    `Cannot ${action}: the server, or a proxy before it, takes no request of ${formatBytes(partBytes)}; try a smaller --part-size`,
    { code: "part-too-large", status: 413, cause },
  );
}
