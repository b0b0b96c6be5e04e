/** Making text from strangers fit for messages: nothing that opens anything, nothing that disturbs a log. */

/** Secrets by their look: header values, JSON web tokens, and the queries that presigned addresses carry them in. */
const LOOKS_SECRET = [
  /\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/gi,
  /\beyJ[\w-]{8,}(?:\.[\w-]+){1,4}/g,
  /(?<=:\/\/)[^\s/?#@]+@/g,
  /(?<=:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/g,
];

/** Controls, line separators and marks of writing direction. */
const DISTURBING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

const HIDDEN = "***";

/** No more than this of a text is looked at. */
const MAX_INPUT_CHARACTERS = 4096;

/** An address as it may be shown: without user, password, query and fragment. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === "" ? "" : `?${HIDDEN}`}`;
}

/**
 * A text of an upstream's as it may be shown: on one line, cut to `maxCharacters`, without the given secrets and
 * without what looks like one.
 */
export function scrub(text: string, secrets: readonly string[], maxCharacters = 200): string {
  let clean = text.slice(0, MAX_INPUT_CHARACTERS).toWellFormed();
  // Very short secrets would tear holes into every word.
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, HIDDEN);
  for (const pattern of LOOKS_SECRET) clean = clean.replace(pattern, HIDDEN);
  clean = clean.replace(DISTURBING, " ").trim();
  return clean.length > maxCharacters ? `${clean.slice(0, maxCharacters).toWellFormed()}…` : clean;
}
