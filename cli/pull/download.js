/** Fetching an image into a partial file until every byte is there and checked. */

import { CliError } from "../failure.js";
import { connectionFailure } from "../http/client.js";
import { parseContentRange } from "./content-range.js";

/** @import { IncomingMessage } from "node:http" */
/** @import { Client } from "../http/client.js" */
/** @import { Transfer } from "../progress/progress.js" */
/** @import { PartialFile } from "./partial-file.js" */

/**
 * @typedef {object} Download
 * @property {Client} client
 * @property {string} path of the image, pinned so that no other can be meant
 * @property {string} action for messages
 * @property {string} digest
 * @property {number} sizeBytes
 * @property {number} attempts failures in a row that end it
 * @property {PartialFile} partial
 * @property {Transfer} transfer
 * @property {AbortSignal} signal
 * @property {(text: string) => void} note
 */

/**
 * Downloads what is missing, again and again from where the connection broke off, and checks the whole.
 * @param {Download} download
 * @throws {CliError} mismatch, where the bytes are wrong although they came in one piece: nothing of them is kept
 */
export async function downloadInto(download) {
  const { partial, digest, action, note } = download;
  for (;;) {
    const pieces = await fetchMissing(download);
    const found = partial.digest();
    if (found === digest) return;
    await partial.reset();
    const message = `Cannot ${action}: the bytes have the digest "${found}", expected "${digest}"`;
    if (pieces === 1) {
      throw new CliError("mismatch", `${message}; nothing was kept, try again`, { code: "digest-mismatch" });
    }
    note(`${message}; they came in pieces, beginning again`);
  }
}

/**
 * @param {Download} download
 * @returns {Promise<number>} of how many pieces the file is, what was there before included
 */
async function fetchMissing({
  client,
  path,
  action,
  digest,
  sizeBytes,
  attempts,
  partial,
  transfer,
  signal,
}) {
  const patience = client.patience(attempts);
  let pieces = partial.receivedBytes > 0 ? 1 : 0;
  transfer.reach(partial.receivedBytes);
  while (partial.receivedBytes < sizeBytes) {
    const from = partial.receivedBytes;
    try {
      const response = await client.once("GET", path, {
        action,
        expect: [200, 206, 416],
        headers: from === 0 ? {} : { range: `bytes=${from}-`, "if-range": `"${digest}"` },
      });
      const startBytes = await startOf(response, from, { sizeBytes, action });
      if (startBytes === 0) {
        pieces = 0;
        if (from > 0) await partial.reset();
        transfer.reach(0);
      }
      pieces += 1;
      try {
        for await (const chunk of bodyOf(response, { origin: client.origin, action, signal })) {
          if (partial.receivedBytes + chunk.length > sizeBytes) throw tooLong(action, sizeBytes);
          await partial.append(chunk);
          transfer.advance(chunk.length);
          patience.progressed();
        }
      } finally {
        response.destroy();
      }
      if (partial.receivedBytes < sizeBytes) throw brokenOff(client.origin, action);
    } catch (error) {
      await patience.failed(error);
    }
  }
  return pieces;
}

/**
 * Where a response's bytes belong.
 * @param {IncomingMessage} response
 * @param {number} from where they were asked from
 * @param {{readonly sizeBytes: number, readonly action: string}} options
 * @returns {Promise<number>} that, or 0
 * @throws {CliError} where they fit nowhere
 */
async function startOf(response, from, { sizeBytes, action }) {
  if (response.statusCode === 200) return 0;
  const range = parseContentRange(response.headers["content-range"]);
  if (response.statusCode === 206 && range?.startBytes === from && range.totalBytes === sizeBytes)
    return from;
  response.destroy();
  throw new CliError(
    "failure",
    `Cannot ${action}: asked for bytes from ${from} on, the server answered ${response.statusCode} with Content-Range "${response.headers["content-range"] ?? ""}"; a proxy may be in the way`,
  );
}

/**
 * @param {IncomingMessage} response
 * @param {{readonly origin: string, readonly action: string, readonly signal: AbortSignal}} options
 * @returns {AsyncGenerator<Buffer>}
 */
async function* bodyOf(response, { origin, action, signal }) {
  const chunks = response[Symbol.asyncIterator]();
  for (;;) {
    /** @type {IteratorResult<Buffer>} */
    let next;
    try {
      next = await chunks.next();
    } catch (error) {
      signal.throwIfAborted();
      throw connectionFailure(error, action, origin);
    }
    if (next.done === true) return;
    yield next.value;
  }
}

/**
 * @param {string} origin
 * @param {string} action
 */
function brokenOff(origin, action) {
  return new CliError("unavailable", `Cannot ${action}: "${origin}" broke off`, { code: "broken-off" });
}

/**
 * @param {string} action
 * @param {number} sizeBytes
 */
function tooLong(action, sizeBytes) {
  return new CliError(
    "mismatch",
    `Cannot ${action}: the server sends more than the ${sizeBytes} bytes it announced`,
  );
}
