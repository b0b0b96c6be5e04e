/**
 * Image references as they are typed. Whether names and tags are valid is the server's to say; here they are only
 * taken apart.
 */

import { CliError } from "./failure.js";

/**
 * @typedef {object} Reference
 * @property {string} name registry and repository
 * @property {string | undefined} tag
 * @property {string | undefined} digest
 */

/**
 * Takes `[oras://]registry/repository[:tag][@digest]` apart.
 * @param {string} text
 * @returns {Reference}
 * @throws {CliError} usage, where there is no registry or no repository
 */
export function splitReference(text) {
  const path = text.replace(/^(?:oras:)?\/\//, "");
  const at = path.indexOf("@");
  const named = at < 0 ? path : path.slice(0, at);
  const slash = named.indexOf("/");
  if (slash < 1 || slash === named.length - 1) {
    throw new CliError(
      "usage",
      `Cannot read reference "${text}": expected registry/repository:tag, such as local/tools/blast:2.15`,
    );
  }
  // The colon of a port stands before the first slash, that of a tag behind it.
  const colon = named.indexOf(":", slash);
  return {
    name: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? undefined : named.slice(colon + 1),
    digest: at < 0 ? undefined : path.slice(at + 1),
  };
}

/**
 * @param {Reference} reference
 * @returns {string}
 */
export function formatReference({ name, tag, digest }) {
  return name + (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

/**
 * Text for a place in a URL's path: all is escaped but what stands between its parts.
 * @param {string} text
 * @returns {string}
 */
export function pathOf(text) {
  return encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%40", "@");
}
