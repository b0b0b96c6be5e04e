/** Entity tags: RFC 9110 section 8.8.3. */

/** An entity tag taken apart. */
export interface EntityTag {
  readonly weak: boolean;
  /** The quoted part with its quotation marks. */
  readonly opaque: string;
}

/** One tag; `W` is case-sensitive, and nothing within the quotation marks is an escape. */
const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;
const BETWEEN = /[ \t,]*/y;

/**
 * The entity tags of a list such as `"a", W/"b"`. Reading stops at the first member that is none: what cannot be read
 * matches nothing, which is the careful answer to every condition.
 */
export function parseEntityTags(list: string): EntityTag[] {
  const tags: EntityTag[] = [];
  let at = 0;
  for (;;) {
    BETWEEN.lastIndex = at;
    at += BETWEEN.exec(list)?.[0].length ?? 0;
    ENTITY_TAG.lastIndex = at;
    const [text = "", weak, opaque] = ENTITY_TAG.exec(list) ?? [];
    if (opaque === undefined) return tags;
    tags.push({ weak: weak !== undefined, opaque });
    at += text.length;
  }
}

/** Whether two tags name the same bytes: equal, and neither is weak (section 8.8.3.2). */
export function matchesStrongly(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Whether two tags name equivalent content: equal but for weakness (section 8.8.3.2). */
export function matchesWeakly(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
