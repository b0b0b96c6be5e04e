/** Showing text of unknown origin on a terminal. */

/** Controls, line separators and writing-direction marks: what could forge or garble a terminal's contents. */
const DISTURBING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * One line of text that changes nothing on a terminal but where it stands.
 * @param {string} text
 * @returns {string}
 */
export function printable(text) {
  return text.replace(DISTURBING, "\u{FFFD}");
}

/**
 * Several lines, each {@link printable}; tabs stay.
 * @param {string} text
 * @returns {string}
 */
export function printableLines(text) {
  return text
    .split(/\r?\n/)
    .map((line) => line.split("\t").map(printable).join("\t"))
    .join("\n");
}
