/** Addresses of an image under `/v1`. */

import { formatReference, pathOf, splitReference } from "../reference.js";

/** @import { Options } from "../options.js" */
/** @import { OptionDescription } from "../commands.js" */

/**
 * The option that picks from a multi-platform image.
 * @satisfies {Readonly<Record<string, OptionDescription>>}
 */
export const ARCH_OPTION = {
  arch: {
    value: "ARCH",
    help: "the architecture, in Go's names (amd64, arm64, ...), of a multi-platform image",
  },
};

/**
 * @param {string} kind such as `digest`
 * @param {string} reference
 * @param {Options} options
 * @returns {string} path and query
 */
export function imagePath(kind, reference, options) {
  return `/v1/${kind}/${pathOf(formatReference(splitReference(reference)))}${archQuery(options)}`;
}

/**
 * @param {Options} options
 * @returns {string}
 */
export function archQuery(options) {
  const arch = options.text("arch");
  return arch === undefined ? "" : `?arch=${encodeURIComponent(arch)}`;
}
