/** The repositories of several registries as one list, in pages. */

import { LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import type { RepositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { CatalogPage, ListOptions, NextPage } from "../upstream/registry-client.ts";
import { upstreamClient } from "./upstream-client.ts";

/** One registry. */
export interface CatalogSource {
  readonly registry: string;
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
  /** Registries that ought to have a list, and did not answer. */
  readonly unanswered: readonly string[];
}

/** Pages that one request asks upstreams for: where most of what they have may not be shown, a page ends early. */
const MAX_UPSTREAM_PAGES = 20;
/** How long one upstream may take for a page, in milliseconds: one that hangs must not hide the others. */
const PAGE_MS = 10_000;

/**
 * Lists what may be shown of all registries, one after the other. A registry without such a list, or with one that is
 * refused, has nothing to show.
 */
export async function listRepositories(request: CatalogRequest): Promise<Catalog> {
  const { n, visible } = request;
  const [resumed, cursor] = splitCursor(request.last);
  const sources = request.sources
    .filter(({ registry }) => registry >= resumed)
    .toSorted((a, b) => (a.registry < b.registry ? -1 : 1));
  const repositories: string[] = [];
  const unanswered: string[] = [];
  let asked = 0;
  for (const source of sources) {
    const { registry } = source;
    let last = registry === resumed ? cursor : undefined;
    do {
      if (repositories.length >= n || asked++ >= MAX_UPSTREAM_PAGES) {
        return { repositories, unanswered, next: { n, last: `${registry}/${last ?? ""}` } };
      }
      const page = await readPage(source, { n: n - repositories.length, last }, request.signal);
      if (page === undefined) {
        unanswered.push(registry);
        break;
      }
      for (const repository of page.repositories) {
        if (visible({ registry, repository })) repositories.push(`${registry}/${repository}`);
      }
      last = page.next?.last;
    } while (last !== undefined);
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
    return { registry, page: ({ n, last }) => localPage(services, registry, n, last) };
  }
  const client = upstreamClient(services.config, registry, lent);
  return { registry, page: (options) => client.catalog(options) };
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
