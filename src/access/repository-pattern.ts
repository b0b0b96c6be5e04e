/** Patterns of repositories, as access tokens have them. */

/**
 * Whether a text matches a pattern in which `*` stands for any text, empty and with slashes included. Every other
 * character stands for itself.
 *
 * Each part between two stars is looked for once, from where the one before it ended: the leftmost place leaves most
 * to the parts behind it, so there is nothing to go back for, and no pattern takes long.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;

  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - last.length >= position && text.endsWith(last);
}
