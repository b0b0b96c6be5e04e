/** Conditional requests: RFC 9110 section 13. */

import { type EntityTag, matchesStrongly, matchesWeakly, parseEntityTags } from "./entity-tag.ts";
import { parseHttpDate } from "./http-date.ts";

/** What a representation is compared by. */
export interface Validators {
  /** The value of `ETag`, with its quotation marks. */
  readonly etag: string;
  /**
   * The value of `Last-Modified`; conditions on dates are ignored without one. `If-Range` trusts it to tell one
   * representation from another (section 8.8.2.2), so it is better left out where two could bear the same date.
   */
  readonly lastModified?: Date;
}

/** What becomes of a request: served, answered with 304, or answered with 412. */
export type PreconditionResult = "proceed" | "not-modified" | "precondition-failed";

/**
 * Evaluates the preconditions of a GET or HEAD for a representation that exists, in the order of section 13.2.2:
 * an entity tag, where one is given, is asked instead of a date. `If-Range` comes after, by {@link ifRangeHolds}.
 */
export function evaluatePreconditions(headers: Headers, validators: Validators): PreconditionResult {
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null) {
    if (!names(ifMatch, validators.etag, matchesStrongly)) return "precondition-failed";
  } else if (changedSince(headers.get("If-Unmodified-Since"), validators) === true) {
    return "precondition-failed";
  }

  const ifNoneMatch = headers.get("If-None-Match");
  if (ifNoneMatch !== null) {
    return names(ifNoneMatch, validators.etag, matchesWeakly) ? "not-modified" : "proceed";
  }
  return changedSince(headers.get("If-Modified-Since"), validators) === false ? "not-modified" : "proceed";
}

/** What a request would write over. */
export interface Target {
  readonly exists: boolean;
  /** The value of `ETag`, with its quotation marks, where GET has one for it. */
  readonly etag: string | undefined;
}

/** Whether `If-Match` and `If-None-Match` allow to replace or delete what is there (section 13.2.2, steps 1 and 3). */
export function mayWrite(headers: Headers, { exists, etag }: Target): boolean {
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null && !(exists && names(ifMatch, etag, matchesStrongly))) return false;
  const ifNoneMatch = headers.get("If-None-Match");
  return ifNoneMatch === null || !(exists && names(ifNoneMatch, etag, matchesWeakly));
}

/**
 * Whether a `Range` may be answered with a part (section 13.1.5): there is no `If-Range`, or it has the very entity
 * tag or date of the representation. A weak tag never holds, since parts of two representations must not be joined.
 */
export function ifRangeHolds(headers: Headers, validators: Validators): boolean {
  const value = headers.get("If-Range");
  if (value === null) return true;
  const date = parseHttpDate(value);
  if (date !== undefined) return date.getTime() === lastModifiedMs(validators);
  const [tag, ...others] = parseEntityTags(value);
  return tag !== undefined && others.length === 0 && matchesStrongly(tag, ownTag(validators));
}

function names(
  list: string,
  etag: string | undefined,
  matches: (a: EntityTag, b: EntityTag) => boolean,
): boolean {
  if (list.trim() === "*") return true;
  if (etag === undefined) return false;
  const own = ownTag({ etag });
  return parseEntityTags(list).some((tag) => matches(tag, own));
}

/** Whether the representation is newer than a date; `undefined` when there is no date, or nothing to compare it with. */
function changedSince(value: string | null, validators: Validators): boolean | undefined {
  const date = value === null ? undefined : parseHttpDate(value);
  const modifiedMs = lastModifiedMs(validators);
  if (date === undefined || modifiedMs === undefined) return undefined;
  return modifiedMs > date.getTime();
}

/** The time that `Last-Modified` tells: whole seconds. */
function lastModifiedMs({ lastModified }: Validators): number | undefined {
  return lastModified === undefined ? undefined : Math.floor(lastModified.getTime() / 1000) * 1000;
}

function ownTag({ etag }: Validators): EntityTag {
  const [tag] = parseEntityTags(etag);
  // A value that is no entity tag matches none: no parsed tag lacks quotation marks.
  return tag ?? { weak: true, opaque: etag };
}
