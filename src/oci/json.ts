/**
 * JSON from strangers. `JSON.parse` does not recurse, but four megabytes of `[` or `{}` become a hundred megabytes of
 * objects, which is all the memory that a Worker has; so the shape is measured on the bytes before it is built.
 */

/** Deepest nesting that is read; manifests of the specifications need five levels. */
export const MAX_JSON_DEPTH = 64;

/** Most values that are read: more than a 4 MiB manifest has room for when each descriptor has a whole digest. */
export const MAX_JSON_VALUES = 262_144;

/** A value, or what is wrong with the text, worded to follow "Cannot read …: ". */
export type JsonReading =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: string };

/**
 * Reads JSON (RFC 8259) in UTF-8, with or without a byte order mark, within {@link MAX_JSON_DEPTH} and
 * {@link MAX_JSON_VALUES}. Time is linear in the input. A repeated member counts as its last one.
 */
export function readJson(bytes: Uint8Array): JsonReading {
  const shape = shapeFault(bytes);
  if (shape !== undefined) return { ok: false, fault: shape };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return { ok: false, fault: "it is not UTF-8 text" };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, fault: syntaxFault(text) };
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Right for all that `JSON.parse` reads: up to the first error of syntax, both see the same strings and brackets. */
function shapeFault(bytes: Uint8Array): string | undefined {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === COMMA) {
      values += 1;
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      values += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return `it is nested deeper than ${MAX_JSON_DEPTH} levels`;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth -= 1;
    }
    if (values > MAX_JSON_VALUES) return `it has more than ${MAX_JSON_VALUES} values`;
  }
  return undefined;
}

function syntaxFault(text: string): string {
  const start = text.trimStart();
  if (start === "") return "it is empty";
  return start.startsWith("<") ? "it is a web page or XML, not JSON" : "it is not JSON";
}
