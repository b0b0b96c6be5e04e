/** What a download is saved as: RFC 6266, with RFC 8187 for names beyond ASCII. */

/** Longest file name in bytes of UTF-8 that common file systems take. */
const MAX_NAME_BYTES = 255;

/** No part of a file name: controls, line separators, marks that turn the direction of writing, quotation marks. */
const UNWANTED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}"]/gu;

/**
 * The `Content-Disposition` that has a browser save a file under a name; only ASCII, and safe to send whatever the
 * name, although a name is best made by {@link safeBaseName}.
 */
export function attachment(filename: string): string {
  const name = filename.toWellFormed().replace(UNWANTED, "_").replace(/[/\\]/g, "_");
  const ascii = name.replace(/[^\x20-\x7e]/gu, "_");
  // RFC 6266 appendix D: some browsers take "%41" in the plain parameter for an escape.
  const plain = ascii.replace(/%(?=[0-9A-Fa-f]{2})/g, "_");
  return plain === name
    ? `attachment; filename="${plain}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(name)}`;
}

/**
 * The last part of a path that somebody else named, fit to be a file name anywhere: no separators of any system, no
 * controls, no quotation marks.
 * @returns `undefined` when nothing is left, it is `.` or `..`, or longer than a file system takes.
 */
export function safeBaseName(title: string): string | undefined {
  const last = title.split(/[/\\]/).findLast((part) => part.trim() !== "") ?? "";
  const name = last.toWellFormed().replace(UNWANTED, "").trim();
  if (name === "" || name === "." || name === "..") return undefined;
  return new TextEncoder().encode(name).length <= MAX_NAME_BYTES ? name : undefined;
}

/** RFC 8187 section 3.2.1: all but attr-char is percent-encoded. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
