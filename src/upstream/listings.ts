/** Lists of tags and of repositories: OCI distribution specification 1.1, end-8, and Docker's catalogue. */

import { RegistryError } from "../errors.ts";
import { readJson } from "../oci/json.ts";
import { type NextPage, nextPage, type Page, pageQuery } from "./pagination.ts";
import { pullScope, type RegistryRequest, type Session } from "./session.ts";

/** A page of tags. */
export interface TagPage {
  readonly tags: readonly string[];
  readonly next?: NextPage;
}

/** A page of repositories. */
export interface CatalogPage {
  readonly repositories: readonly string[];
  readonly next?: NextPage;
}

/** Registries without a limit of their own send all tags at once: a hundred thousand of them fit. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/**
 * Lists a repository's tags.
 * @throws {RegistryError} `repository-unknown`, `upstream-denied`, or why the upstream could not answer.
 */
export async function listTags(
  session: Session,
  repository: string,
  page: Page & { readonly signal?: AbortSignal | undefined },
): Promise<TagPage> {
  const request: RegistryRequest = {
    method: "GET",
    path: `${repository}/tags/list${pageQuery(page)}`,
    headers: { accept: "application/json" },
    scope: pullScope(repository),
    action: `list tags of "${repository}"`,
    missing: "repository-unknown",
    signal: page.signal,
  };
  const { entries, next } = await readPage(session, request, "tags", page);
  return next === undefined ? { tags: entries } : { tags: entries, next };
}

/**
 * Lists the upstream's repositories.
 * @throws {RegistryError} `unsupported` where it has no such list, as public registries mostly do not; `upstream-denied`,
 *   or why the upstream could not answer.
 */
export async function catalog(
  session: Session,
  page: Page & { readonly signal?: AbortSignal | undefined },
): Promise<CatalogPage> {
  const request: RegistryRequest = {
    method: "GET",
    path: `_catalog${pageQuery(page)}`,
    headers: { accept: "application/json" },
    scope: "registry:catalog:*",
    action: "list repositories",
    missing: "unsupported",
    signal: page.signal,
  };
  const { entries, next } = await readPage(session, request, "repositories", page);
  return next === undefined ? { repositories: entries } : { repositories: entries, next };
}

async function readPage(
  session: Session,
  request: RegistryRequest,
  member: "tags" | "repositories",
  page: Page,
): Promise<{ entries: readonly string[]; next: NextPage | undefined }> {
  const { bytes, headers, url } = await session.askSmall(request, MAX_LIST_BYTES);
  const json = readJson(bytes);
  const body = json.ok ? json.value : null;
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  // Go's registries send null for an empty list.
  const entries = isObject ? ((body as Readonly<Record<string, unknown>>)[member] ?? []) : undefined;
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === "string")) {
    throw new RegistryError(
      "upstream-unavailable",
      `Cannot ${session.describe(request.action)}: the answer is no list; check the "url" of this upstream`,
    );
  }
  const link = nextPage(headers.get("link"), url, page, entries);
  return link === undefined ? cutPage(entries, page) : { entries, next: link };
}

/** The page of a list that came whole although a page was asked for, as registries do that know no pages. */
function cutPage(
  entries: readonly string[],
  { n = Infinity, last }: Page,
): { entries: readonly string[]; next: NextPage | undefined } {
  // A page has no more than was asked for, and never the entry behind which it begins.
  const whole = entries.length > n || (last !== undefined && entries.includes(last));
  if (!whole) return { entries, next: undefined };
  const rest = entries.filter((entry) => last === undefined || entry > last);
  rest.sort((a, b) => (a < b ? -1 : 1));
  const cut = rest.slice(0, n);
  const end = cut.at(-1);
  return { entries: cut, next: rest.length > n && end !== undefined ? { n, last: end } : undefined };
}
