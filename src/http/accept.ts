/** Content negotiation by `Accept`: RFC 9110 section 12.5.1. */

/** How much a client wants a media type. */
interface Preference {
  /** 0 (refused) to 1. */
  readonly quality: number;
  /** How exactly the type was named: 0 not at all, 1 by "*\/*", 2 by "type/*", 3 by its name. */
  readonly exactness: number;
}

interface MediaRange extends Preference {
  readonly type: string;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9a-z-]+";
const MEDIA_RANGE = new RegExp(`^${TOKEN}/${TOKEN}$`);
const QUALITY = /^q[ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Whether a client wants a media type rather than JSON: with a higher quality, or with the same but by a more exact
 * name. In doubt it is JSON, so for `*\/*`, and for those that name both alike.
 */
export function prefersOverJson(accept: string | null, mediaType: string): boolean {
  const ranges = parseAccept(accept);
  const wanted = preference(ranges, mediaType.toLowerCase());
  const json = preference(ranges, "application/json");
  if (wanted.quality !== json.quality) return wanted.quality > json.quality;
  return wanted.quality > 0 && wanted.exactness > json.exactness;
}

/** Whether a client wants `text/plain` rather than JSON, by {@link prefersOverJson}. */
export function prefersPlainText(accept: string | null): boolean {
  return prefersOverJson(accept, "text/plain");
}

/** What the most exact of the ranges that cover a media type say; of equally exact ones, the best. */
function preference(ranges: readonly MediaRange[], mediaType: string): Preference {
  let best: Preference = { quality: 0, exactness: 0 };
  for (const range of ranges) {
    if (!covers(range.type, mediaType) || range.exactness < best.exactness) continue;
    if (range.exactness > best.exactness || range.quality > best.quality) best = range;
  }
  return best;
}

function covers(range: string, mediaType: string): boolean {
  if (range === "*/*") return true;
  return range.endsWith("/*") ? mediaType.startsWith(range.slice(0, -1)) : range === mediaType;
}

/** Members that cannot be read are left out; where none is left, the client is taken to accept everything. */
function parseAccept(accept: string | null): MediaRange[] {
  const ranges = splitOutsideQuotes(accept ?? "", ",").flatMap(parseMediaRange);
  return ranges.length > 0 ? ranges : [{ type: "*/*", quality: 1, exactness: 1 }];
}

/** Parameters but for the quality do not count: no answer of this service comes in variants that differ by them. */
function parseMediaRange(member: string): MediaRange[] {
  const [type = "", ...parameters] = splitOutsideQuotes(member.toLowerCase(), ";");
  if (!MEDIA_RANGE.test(type)) return [];
  const weight = parameters.find((parameter) => /^q[ \t]*=/.test(parameter));
  const quality = weight === undefined ? "1" : QUALITY.exec(weight)?.[1];
  if (quality === undefined) return [];
  const exactness = type === "*/*" ? 1 : type.endsWith("/*") ? 2 : 3;
  return [{ type, quality: Number(quality), exactness }];
}

/** The trimmed, non-empty parts between separators, but for separators in quoted strings (RFC 9110 section 5.6). */
function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at];
    if (quoted && char === "\\") at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === undefined || (char === separator && !quoted)) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts.filter((part) => part !== "");
}
