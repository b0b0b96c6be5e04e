import { CliError } from "../failure.js";
import { pushImage } from "../push/push-image.js";
import { formatReference, splitReference } from "../reference.js";
import { formatBytes, parseCount, parseSize } from "../units.js";

/** @import { Command } from "../commands.js" */
/** @import { Options } from "../options.js" */
/** @import { Reference } from "../reference.js" */

/** Below the 100 MB that Cloudflare's smaller plans take as one request. */
const DEFAULT_PART = "64M";
const MIN_PART_BYTES = 64 * 1024;
const DEFAULT_ATTEMPTS = 8;
const DESCRIPTION = "org.opencontainers.image.description";

/** @type {Command} */
export const pushCommand = {
  name: "push",
  operands: ["FILE", "REF"],
  summary: "upload a SIF file of any size",
  description: [
    "Uploads a SIF file and publishes it under REF (tag latest when left out), and writes the reference with the digest",
    "of its manifest. The file goes in parts; after a failure the same command goes on where this one stopped.",
  ],
  options: {
    annotation: { value: "KEY=VALUE", multiple: true, help: "annotate the manifest; may be repeated" },
    description: { value: "TEXT", help: `the annotation ${DESCRIPTION}` },
    "part-size": { value: "SIZE", help: `the largest request to send (${DEFAULT_PART})` },
    attempts: { value: "N", help: `give up after so many failures in a row (${DEFAULT_ATTEMPTS})` },
  },
  async run([file = "", text = ""], { connect, options, progress, signal, env }) {
    const reference = taggedReference(text);
    const annotations = readAnnotations(options);
    const partBytes = readPartSize(options.text("part-size") ?? DEFAULT_PART);
    const attempts = parseCount(options.text("attempts") ?? String(DEFAULT_ATTEMPTS), "--attempts");
    const client = await connect();
    const pushed = await pushImage(file, reference, {
      client,
      progress,
      signal,
      env,
      partBytes,
      attempts,
      annotations,
    });
    const what = pushed.uploaded ? "" : "; the server had the file already";
    progress.note(`Pushed ${pushed.reference} (${formatBytes(pushed.size)}, ${pushed.digest})${what}`);
    return {
      document: pushed,
      text: `${formatReference({ ...reference, digest: pushed.manifest.digest })}\n`,
    };
  },
};

/**
 * @param {string} text
 * @returns {Reference & {readonly tag: string}}
 * @throws {CliError} usage
 */
function taggedReference(text) {
  const reference = splitReference(text);
  if (reference.digest === undefined) return { ...reference, tag: reference.tag ?? "latest" };
  throw new CliError("usage", `Cannot push to "${text}": a digest is computed, not chosen; give a tag`);
}

/**
 * @param {string} text
 * @returns {number} bytes
 * @throws {CliError} usage
 */
function readPartSize(text) {
  const bytes = parseSize(text, "--part-size");
  if (bytes >= MIN_PART_BYTES) return bytes;
  throw new CliError(
    "usage",
    `Cannot use --part-size "${text}": it is ${formatBytes(MIN_PART_BYTES)} at least`,
  );
}

/**
 * @param {Options} options
 * @returns {Record<string, string>}
 * @throws {CliError} usage
 */
function readAnnotations(options) {
  const pairs = options.texts("annotation").map((text) => {
    const cut = text.indexOf("=");
    if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)];
    throw new CliError("usage", `Cannot use --annotation "${text}": expected KEY=VALUE`);
  });
  const description = options.text("description");
  return Object.fromEntries([...pairs, ...(description === undefined ? [] : [[DESCRIPTION, description]])]);
}
