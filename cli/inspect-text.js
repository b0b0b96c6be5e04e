/** What is in an image, for people. All of it was written by whoever built the image. */

import { printable, printableLines } from "./text.js";
import { formatBytes } from "./units.js";

/**
 * @param {any} image the server's document
 * @returns {string}
 */
export function inspectText(image) {
  const { header = {}, metadata = {} } = image;
  return [
    ...pairs({
      digest: `${image.digest} (${image.verified === true ? "verified" : "not verified yet"})`,
      size: `${formatBytes(image.size)} (${image.size} bytes)`,
      architecture: image.image?.architecture ?? header.architecture,
      created: header.created,
      id: header.id,
    }),
    ...section("Objects", (image.objects ?? []).map(objectText)),
    ...section("Labels", pairs(metadata.labels ?? {})),
    ...section("Signatures", (image.signatures ?? []).map(signatureText)),
    ...section("Definition", textLines(metadata.definition)),
    ...section("Runscript", textLines(metadata.runscript)),
    ...section("Help", textLines(metadata.help)),
    "",
  ].join("\n");
}

/** @param {any} object */
function objectText({ id, type, name, size, partition }) {
  const detail =
    partition === undefined ? name : [partition.fileSystem, partition.type, partition.architecture].join(" ");
  return printable(
    [id, type, detail, formatBytes(size)].filter((part) => part !== "" && part !== undefined).join("  "),
  );
}

/** @param {any} signature */
function signatureText({ objectId, format, hash, fingerprint, digestsMatch }) {
  const match =
    digestsMatch === null ? "digests not checked" : `digests ${digestsMatch ? "match" : "DO NOT MATCH"}`;
  return printable([objectId, format, hash, fingerprint ?? "no fingerprint", match].join("  "));
}

/** @param {Readonly<Record<string, unknown>>} values */
function pairs(values) {
  return Object.entries(values)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${printable(name)}: ${printable(String(value))}`);
}

/** @param {unknown} text */
function textLines(text) {
  return typeof text === "string" && text.trim() !== "" ? printableLines(text.trimEnd()).split("\n") : [];
}

/**
 * @param {string} title
 * @param {readonly string[]} lines
 */
function section(title, lines) {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}
