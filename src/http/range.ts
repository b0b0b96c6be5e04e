/** Byte ranges: RFC 9110 section 14. */

/** What a `Range` header asks of a representation. */
export type RequestedRange =
  | { readonly kind: "whole" }
  /** Bytes from `start` up to but not including `end`. */
  | { readonly kind: "range"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

/** What a `Content-Range` header says. */
export type ContentRange =
  /** Bytes from `start` up to but not including `end`, of `sizeBytes` where the sender knows how many there are. */
  | {
      readonly kind: "range";
      readonly start: number;
      readonly end: number;
      readonly sizeBytes: number | undefined;
    }
  | { readonly kind: "unsatisfied"; readonly sizeBytes: number };

const WHOLE: RequestedRange = { kind: "whole" };

/**
 * What a `Range` header asks of `sizeBytes` bytes. A header that is malformed, in another unit or for several ranges is
 * ignored, as section 14.2 allows; so is every range of nothing, which clients that always send one would otherwise
 * be refused.
 */
export function parseRange(header: string | null, sizeBytes: number): RequestedRange {
  const set = /^[ \t]*bytes=(.*)$/i.exec(header ?? "")?.[1];
  if (set === undefined || sizeBytes === 0) return WHOLE;
  // Section 5.6.1.2: empty members of a list do not count.
  const [spec, ...others] = set
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
  if (spec === undefined || others.length > 0) return WHOLE;

  const [, first, last] = /^([0-9]*)-([0-9]*)$/.exec(spec) ?? [];
  if (first === undefined || last === undefined) return WHOLE;
  if (first === "") return suffix(last, sizeBytes);
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < start) return WHOLE;
  return start < sizeBytes ? { kind: "range", start, end } : { kind: "unsatisfiable" };
}

function suffix(length: string, sizeBytes: number): RequestedRange {
  if (length === "") return WHOLE;
  const bytes = Math.min(Number(length), sizeBytes);
  return bytes > 0 ? { kind: "range", start: sizeBytes - bytes, end: sizeBytes } : { kind: "unsatisfiable" };
}

/** The `Content-Range` of a 206: bytes from `start` up to but not including `end`, of `sizeBytes`. */
export function contentRange(start: number, end: number, sizeBytes: number): string {
  return `bytes ${start}-${end - 1}/${sizeBytes}`;
}

/** The `Content-Range` of a 416. */
export function unsatisfiedRange(sizeBytes: number): string {
  return `bytes */${sizeBytes}`;
}

/**
 * Reads a `Content-Range` header (section 14.4).
 * @returns `undefined` when it is missing, malformed, contradicts itself, is in another unit, or counts further than a
 *   `number` can; none of them may be believed.
 */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = /^[ \t]*bytes +(?:([0-9]+)-([0-9]+)|\*)\/([0-9]+|\*)[ \t]*$/i.exec(header ?? "");
  if (match === null) return undefined;
  const [, first, last, total] = match;
  const sizeBytes = total === "*" ? undefined : Number(total);
  if (sizeBytes !== undefined && !Number.isSafeInteger(sizeBytes)) return undefined;
  if (first === undefined || last === undefined) {
    return sizeBytes === undefined ? undefined : { kind: "unsatisfied", sizeBytes };
  }
  const start = Number(first);
  const end = Number(last) + 1;
  if (end <= start || !Number.isSafeInteger(end) || end > (sizeBytes ?? Infinity)) return undefined;
  return { kind: "range", start, end, sizeBytes };
}
