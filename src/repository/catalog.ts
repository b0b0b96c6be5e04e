/** The repositories of several registries as one list, in pages. */

import { LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import type { RepositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { CatalogPage, ListOptions, NextPage } from "../upstream/registry-client.ts";
import { upstreamClient } from "./upstream-client.ts";
import { visiblePage } from "./visible-page.ts";

/** One registry. */
export interface CatalogSource {
  readonly registry: string;
  /** Whether its list is known to go by names alone. */
  readonly byName: boolean;
  readonly page: (options: ListOptions) => Promise<CatalogPage>;
}

/** What to list. */
export interface CatalogRequest {
  readonly sources: readonly CatalogSource[];
  /** Entries at most. */
  readonly n: number;
  /** Where the page before ended, as its `next` has it. */
  readonly last: string | undefined;
  /** Whether a repository may be shown. */
  readonly visible: (location: RepositoryPath) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A page of the list. */
export interface Catalog {
  /** `registry/repository`, by registry. */
  readonly repositories: readonly string[];
  readonly next?: NextPage;
  /** Registries that ought to have a list, and did not answer, or have too much in it that may not be shown. */
  readonly unanswered: readonly string[];
}

/** Pages that one request asks registries for: where most of what they have may not be shown, a page ends early. */
export const MAX_ASKED_PAGES = 20;
/** How long one upstream may take for a page, in milliseconds: one that hangs must not hide the others. */
const PAGE_MS = 10_000;

/**
 * Lists what may be shown of all registries, one after the other. A registry without such a list, or with one that is
 * refused, has nothing to show.
 */
export async function listRepositories(request: CatalogRequest): Promise<Catalog> {
  const { n, visible, signal } = request;
  const [resumed, cursor] = splitCursor(request.last);
  const sources = request.sources
    .filter(({ registry }) => registry >= resumed)
    .toSorted((a, b) => (a.registry < b.registry ? -1 : 1));
  const repositories: string[] = [];
  const unanswered: string[] = [];
  let asked = 0;
  for (const source of sources) {
    const { registry, byName } = source;
    const last = registry === resumed ? cursor : undefined;
    const maxAsked = MAX_ASKED_PAGES - asked;
    const here = { repositories, unanswered, next: { n, last: `${registry}/${last ?? ""}` } };
    if (repositories.length >= n || maxAsked === 0) return here;
    const page = await visiblePage({
      registry,
      byName,
      last,
      n: n - repositories.length,
      visible,
      maxAsked,
      ask: (wanted) => readPage(source, wanted, signal),
    });
    // The next page begins with this registry, and may ask for more of it.
    if (page.end === "gave-up" && asked > 0) return here;
    repositories.push(...page.repositories.map((repository) => `${registry}/${repository}`));
    asked += page.asked;
    if (page.end !== "complete") unanswered.push(registry);
    if (page.next !== undefined) {
      return { repositories, unanswered, next: { n, last: `${registry}/${page.next}` } };
    }
  }
  return { repositories, unanswered };
}

/** `undefined` where the registry did not answer. */
async function readPage(
  { registry, page }: CatalogSource,
  { n, last }: { readonly n: number; readonly last: string | undefined },
  signal: AbortSignal | undefined,
): Promise<CatalogPage | undefined> {
  const timeout = AbortSignal.timeout(PAGE_MS);
  try {
    return await page({
      n,
      last,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === "unsupported" || error.code === "upstream-denied") return { repositories: [] };
    log({ event: "catalog-unanswered", registry, code: error.code });
    return undefined;
  }
}

/** A registry, and a place in its list: neither a name of a registry nor a cursor's first part has a slash. */
function splitCursor(last: string | undefined): [registry: string, cursor: string | undefined] {
  const [registry = "", ...rest] = (last ?? "").split("/");
  const cursor = rest.join("/");
  return [registry, cursor === "" ? undefined : cursor];
}

/** The list of one registry: an upstream's, or of what this service stores itself. */
export function catalogSource(
  services: Services,
  registry: string,
  lent: UpstreamCredentials | undefined,
): CatalogSource {
  if (registry === LOCAL_REGISTRY) {
    return { registry, byName: true, page: ({ n, last }) => localPage(services, registry, n, last) };
  }
  const client = upstreamClient(services.config, registry, lent);
  return { registry, byName: false, page: (options) => client.catalog(options) };
}

async function localPage(
  { localCatalog }: Services,
  registry: string,
  n: number | undefined,
  last: string | undefined,
): Promise<CatalogPage> {
  const { repositories, more } = await localCatalog.page(registry, last, n);
  const end = repositories.at(-1);
  return more && end !== undefined
    ? { repositories, next: { ...(n === undefined ? {} : { n }), last: end } }
    : { repositories };
}
