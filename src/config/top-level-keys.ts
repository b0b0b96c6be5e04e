/** The order of a JSON object's keys, which `JSON.parse` does not keep for keys that are whole numbers. */

const STRING_OR_MARK = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The keys of a JSON object in the order of its text, repeated ones repeated.
 * @param text a JSON object that `JSON.parse` has accepted; this function checks nothing.
 */
export function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let previous = "";
  for (const [token] of text.matchAll(STRING_OR_MARK)) {
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (token === ":" && depth === 1) keys.push(String(JSON.parse(previous)));
    previous = token;
  }
  return keys;
}
