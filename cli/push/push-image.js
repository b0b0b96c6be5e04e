/** Pushing a SIF file: its blob, the config, and the manifest that makes an image of them. */

import path from "node:path";
import { CliError } from "../failure.js";
import { hashHandle, readingFile } from "../files/hash-file.js";
import { formatReference, pathOf } from "../reference.js";
import { uploadsDirectory } from "../settings/places.js";
import { createdTime } from "../sif/created.js";
import { readSifMetadata } from "../sif/sif-file.js";
import { CONFIG, CONFIG_DIGEST, MANIFEST_TYPE, makeManifest } from "./manifest.js";
import { openSessionMemory } from "./session-store.js";
import { hasBlob, uploadBlob } from "./upload-blob.js";
import { UploadSession } from "./upload-session.js";

/** @import { FileHandle } from "node:fs/promises" */
/** @import { Client } from "../http/client.js" */
/** @import { Progress } from "../progress/progress.js" */
/** @import { Reference } from "../reference.js" */

/**
 * @typedef {object} PushOptions
 * @property {Client} client
 * @property {Progress} progress
 * @property {AbortSignal} signal
 * @property {NodeJS.ProcessEnv} env
 * @property {number} partBytes
 * @property {number} attempts
 * @property {Readonly<Record<string, string>>} annotations
 */

/**
 * @typedef {object} PushedImage
 * @property {string} reference
 * @property {string} digest
 * @property {number} size
 * @property {{readonly digest: string, readonly mediaType: string, readonly size: number}} manifest
 * @property {boolean} uploaded false where the server had the file already
 * @property {number} resumedFrom bytes that an earlier run had sent
 */

/**
 * @param {string} file
 * @param {Reference & {readonly tag: string}} reference
 * @param {PushOptions} options
 * @returns {Promise<PushedImage>}
 * @throws {CliError}
 */
export async function pushImage(file, reference, options) {
  return readingFile(file, async (handle, sizeBytes) => {
    const { client, progress, signal, env, partBytes, attempts } = options;
    const { name, tag } = reference;
    const filename = path.basename(file);
    const action = `push "${file}" to "${formatReference(reference)}"`;
    const metadata = await readSifMetadata(handle, sizeBytes, file);
    const before = await handle.stat();

    const hashing = progress.begin(`Hashing ${filename}`, sizeBytes);
    const digest = await hashHandle(handle, sizeBytes, {
      signal,
      advance: (bytes) => hashing.advance(bytes),
    }).finally(() => hashing.end());

    const blob = { client, name, digest, action };
    const uploaded = !(await client.persist(attempts, () => hasBlob(blob)));
    let resumedFrom = 0;
    if (uploaded) {
      const memory = await openSessionMemory(uploadsDirectory(env), [client.origin, name, digest]);
      const transfer = progress.begin(`Pushing ${filename}`, sizeBytes);
      try {
        const upload = { ...blob, handle, sizeBytes, partBytes, attempts, memory, transfer };
        resumedFrom = (await uploadBlob(upload)).resumedFromBytes;
      } catch (error) {
        throw (await hasChanged(handle, before)) ? changed(file, error) : error;
      } finally {
        transfer.end();
        await memory.close();
      }
    }

    await client.persist(attempts, () => pushConfig(client, name, action));
    const created = createdTime(metadata, new Date());
    const manifest = makeManifest({ filename, digest, sizeBytes, created, annotations: options.annotations });
    await client.call("PUT", `/v2/${pathOf(name)}/manifests/${pathOf(tag)}`, {
      action,
      expect: [200, 201, 202],
      headers: { "content-type": MANIFEST_TYPE, "content-length": manifest.sizeBytes },
      body: manifest.text,
    });
    return {
      reference: formatReference(reference),
      digest,
      size: sizeBytes,
      manifest: { digest: manifest.digest, mediaType: MANIFEST_TYPE, size: manifest.sizeBytes },
      uploaded,
      resumedFrom,
    };
  });
}

/**
 * The config is the same for every image, so it is nearly always there.
 * @param {Client} client
 * @param {string} name
 * @param {string} action
 */
async function pushConfig(client, name, action) {
  if (await hasBlob({ client, name, action, digest: CONFIG_DIGEST })) return;
  const session = await UploadSession.begin(client, name, action);
  await session.commit(CONFIG_DIGEST, CONFIG);
}

/**
 * @param {FileHandle} handle
 * @param {{readonly mtimeMs: number, readonly size: number}} before
 */
async function hasChanged(handle, before) {
  const { mtimeMs, size } = await handle.stat();
  return mtimeMs !== before.mtimeMs || size !== before.size;
}

/**
 * @param {string} file
 * @param {unknown} cause
 */
function changed(file, cause) {
  return new CliError(
    "file",
    `Cannot push "${file}": it was changed meanwhile; push it again when it is complete`,
    {
      code: "file-changed",
      cause,
    },
  );
}
