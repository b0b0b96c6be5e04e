/** File names that a server chose. */

/** No part of a file name: controls, separators of any system, quotation marks, what Windows forbids. */
const UNWANTED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}"<>:|?*]/gu;
const MAX_NAME_BYTES = 255;

/**
 * The last part of a name, fit to be a file of the current directory whatever the server says.
 * @param {string} name
 * @returns {string | undefined} undefined where nothing usable is left
 */
export function safeFileName(name) {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const safe = last.replace(UNWANTED, "_").trim();
  // A leading dot would hide the file; a leading hyphen would make it an option of the next command.
  if (safe === "" || /^[.-]/.test(safe)) return undefined;
  return Buffer.byteLength(safe) <= MAX_NAME_BYTES ? safe : undefined;
}
