/** Paging: `Link`, RFC 8288. */

/**
 * The next page of a list.
 * @param {string | string[] | undefined} header
 * @param {URL} page this one
 * @returns {URL | undefined} undefined where it is the last, or the next one is said to be elsewhere
 */
export function nextPage(header, page) {
  const text = Array.isArray(header) ? header.join(", ") : (header ?? "");
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(text)?.[1];
  if (target === undefined) return undefined;
  const next = new URL(target, page);
  return next.origin === page.origin && next.href !== page.href ? next : undefined;
}
