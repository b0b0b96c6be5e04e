/** JSON out of a file that anybody may have written. */

import { decodeStrictly } from "./text.ts";

/** Deeper nesting is refused: what comes out is written as JSON again, by a recursive function. */
export const MAX_JSON_DEPTH = 64;

/** More values are refused: an empty array takes 3 bytes of text but many times that in memory. */
export const MAX_JSON_VALUES = 200_000;

/** What {@link parseJson} makes of a text. */
export type ParsedJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** A JSON object; its values are unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses JSON in UTF-8, in time linear in its length and within {@link MAX_JSON_DEPTH} and {@link MAX_JSON_VALUES}. */
export function parseJson(bytes: Uint8Array): ParsedJson {
  const text = decodeStrictly(bytes);
  if (text === undefined) return { ok: false, problem: "not UTF-8" };
  const problem = findExcess(text);
  if (problem !== undefined) return { ok: false, problem };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, problem: "not JSON" };
  }
}

/** Whether a parsed value is a JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Counts brackets and commas outside strings before anything is built from them. */
function findExcess(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === "{" || character === "[") {
      depth += 1;
      values += 1;
      if (depth > MAX_JSON_DEPTH) return `JSON nested deeper than ${MAX_JSON_DEPTH}`;
    } else if (character === "}" || character === "]") {
      depth -= 1;
    } else if (character === ",") {
      values += 1;
    }
    if (values > MAX_JSON_VALUES) return `JSON of more than ${MAX_JSON_VALUES} values`;
  }
  return undefined;
}
