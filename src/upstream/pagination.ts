/**
 * Paging of lists: OCI distribution specification 1.1, end-8b, and `Link` (RFC 8288). A link is read for what it says about
 * the next page and never followed, so that it may name whatever host the upstream believes to have.
 */

/** Which page of a list. */
export interface Page {
  /** Entries at most. */
  readonly n?: number | undefined;
  /** The last entry of the page before, or what a {@link NextPage} has here. */
  readonly last?: string | undefined;
}

/** What to ask for to get the next page. */
export interface NextPage {
  readonly n?: number;
  /** A name, or `?next_page=` and a token of an upstream that pages by tokens; no name begins like that. */
  readonly last: string;
}

const TOKEN_PREFIX = "?next_page=";

/** The query that asks for a page, with its question mark; empty for all there is. */
export function pageQuery({ n, last }: Page): string {
  const query = new URLSearchParams();
  if (n !== undefined) query.set("n", String(n));
  if (last?.startsWith(TOKEN_PREFIX) === true) query.set("next_page", last.slice(TOKEN_PREFIX.length));
  else if (last !== undefined) query.set("last", last);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * What a `Link` header says about the next page; `undefined` on the last one.
 * @param entries those of this page, whose last one stands in where the link does not tell.
 */
export function nextPage(
  header: string | null,
  base: URL,
  asked: Page,
  entries: readonly string[],
): NextPage | undefined {
  const link = nextLink(header, base);
  if (link === undefined) return undefined;
  const token = link.searchParams.get("next_page");
  const last = token === null ? (link.searchParams.get("last") ?? entries.at(-1)) : `${TOKEN_PREFIX}${token}`;
  // A page that leads to itself would be asked for without end.
  if (last === undefined || last === asked.last) return undefined;
  const n = Number(link.searchParams.get("n") ?? asked.n);
  return Number.isSafeInteger(n) && n > 0 ? { n, last } : { last };
}

/** The target of the first link whose relation is "next"; `undefined` where there is none that can be read. */
export function nextLink(header: string | null, base: URL): URL | undefined {
  for (const [, target = "", parameters = ""] of (header ?? "").matchAll(/<([^<>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(parameters);
    const names = (relations?.[1] ?? relations?.[2] ?? "").toLowerCase().split(/\s+/);
    if (names.includes("next")) return URL.parse(target, base.href) ?? undefined;
  }
  return undefined;
}
