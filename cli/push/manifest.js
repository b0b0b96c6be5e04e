/**
 * The manifest of a pushed image, byte for byte as Apptainer writes it, so that the same file has the same manifest
 * digest whoever pushed it. Apptainer is a Go program: the order of members is that of Go's types, annotations are
 * sorted by their bytes, and Go's encoder escapes what HTML could mistake for markup.
 */

import { createHash } from "node:crypto";

export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const LAYER_TYPE = "application/vnd.sylabs.sif.layer.v1.sif";
const CONFIG_TYPE = "application/vnd.sylabs.sif.config.v1+json";

/** The config of every image. */
export const CONFIG = "{}";
export const CONFIG_DIGEST = sha256(CONFIG);

const TITLE = "org.opencontainers.image.title";
const CREATED = "org.opencontainers.image.created";

/**
 * @typedef {object} ImageFacts
 * @property {string} filename without directories
 * @property {string} digest
 * @property {number} sizeBytes
 * @property {string | undefined} created
 * @property {Readonly<Record<string, string>>} annotations the user's
 */

/**
 * @param {ImageFacts} image
 * @returns {{readonly text: string, readonly digest: string, readonly sizeBytes: number}}
 */
export function makeManifest({ filename, digest, sizeBytes, created, annotations }) {
  const head = goJson({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: CONFIG_TYPE,
      size: CONFIG.length,
      digest: CONFIG_DIGEST,
      data: Buffer.from(CONFIG).toString("base64"),
    },
    layers: [{ mediaType: LAYER_TYPE, size: sizeBytes, digest, annotations: { [TITLE]: filename } }],
  });
  const all = { ...annotations, ...(created === undefined ? {} : { [CREATED]: created }) };
  const text = Object.keys(all).length === 0 ? head : `${head.slice(0, -1)},"annotations":${goMap(all)}}`;
  return { text, digest: sha256(text), sizeBytes: Buffer.byteLength(text) };
}

/**
 * Written member by member: a JavaScript object has names made of digits first, whatever their order.
 * @param {Readonly<Record<string, string>>} map
 */
function goMap(map) {
  const entries = Object.entries(map).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${entries.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(",")}}`;
}

/**
 * A lone surrogate, which is no text, becomes U+FFFD.
 * @param {unknown} value
 */
function goJson(value) {
  return JSON.stringify(value, (_, member) =>
    typeof member === "string" ? Buffer.from(member).toString() : member,
  ).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @param {string} text */
function sha256(text) {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
