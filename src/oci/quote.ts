/** How a text of unknown origin is shown in a message. */

/** What would disturb a log line, a terminal or a page: controls, line separators, writing-direction marks. */
const DISTURBING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Puts a text in quotation marks for an error message: cut short, with disturbing characters replaced by U+FFFD.
 * @param maxCharacters how much of the text is shown, in UTF-16 units; a cut one ends with "…".
 */
export function quote(text: string, maxCharacters = 160): string {
  const head = text.slice(0, maxCharacters).toWellFormed().replace(DISTURBING, "\uFFFD");
  return `"${head}${text.length > maxCharacters ? "…" : ""}"`;
}
