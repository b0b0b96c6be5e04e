/** The images of a registry, as references with their tags. */

import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { NextPage, TagPage } from "../upstream/registry-client.ts";
import { catalogSource, MAX_ASKED_PAGES } from "./catalog.ts";
import { type Listings, openListings } from "./listings.ts";
import { visiblePage } from "./visible-page.ts";

/** What to look for. */
export interface SearchRequest {
  readonly registry: string;
  /** Repositories at most. */
  readonly n: number;
  readonly last: string | undefined;
  /** Whether a repository may be shown. */
  readonly visible: (location: RepositoryPath) => boolean;
  readonly lent: UpstreamCredentials | undefined;
  readonly signal: AbortSignal;
}

/** A page of what there is. */
export interface FoundImages {
  /** `registry/repository:tag` */
  readonly images: readonly string[];
  readonly next: NextPage | undefined;
  /** Repositories that did not tell their tags, or not all of them, and the registry where it has too much that may not be shown. */
  readonly unanswered: readonly string[];
}

/** Repositories that are asked for their tags at the same time: more connections wait for each other. */
const ASKED_AT_ONCE = 6;

/** Further tags of one repository are not read: an upstream could make up pages for ever. */
const MAX_TAG_PAGES = 50;

/** Answers by which a repository of the list turns out to hold nothing for this caller. */
const NOTHING_HERE: ReadonlySet<string> = new Set(["repository-unknown", "image-unknown", "upstream-denied"]);

/**
 * Lists the images of a registry, a page of its repositories at a time.
 * @throws {RegistryError} `unsupported` where the registry has no list of its repositories, `upstream-denied`, or why it
 *   could not answer
 */
export async function searchRegistry(services: Services, request: SearchRequest): Promise<FoundImages> {
  const { registry, n, last, visible, signal } = request;
  const { byName, page } = catalogSource(services, registry, request.lent);
  const { repositories, next, end } = await visiblePage({
    registry,
    byName,
    n,
    last,
    visible,
    maxAsked: MAX_ASKED_PAGES,
    ask: (wanted) => page({ ...wanted, signal }),
  });
  const locations = repositories.map((repository) => ({ registry, repository }));
  const images: string[] = [];
  const unanswered: string[] = end === "gave-up" ? [registry] : [];
  for (let at = 0; at < locations.length; at += ASKED_AT_ONCE) {
    const batch = locations.slice(at, at + ASKED_AT_ONCE);
    const found = await Promise.all(batch.map((location) => tagsOf(services, location, request)));
    for (const [index, tags] of found.entries()) {
      const path = repositoryPath(batch[index] ?? { registry, repository: "" });
      if (tags?.complete !== true) unanswered.push(path);
      for (const tag of tags?.tags ?? []) images.push(`${path}:${tag}`);
    }
  }
  return { images, next: next === undefined ? undefined : { n, last: next }, unanswered };
}

/** The tags of one repository; `undefined` where it did not tell them. */
async function tagsOf(
  services: Services,
  location: RepositoryPath,
  { lent, signal }: SearchRequest,
): Promise<{ tags: readonly string[]; complete: boolean } | undefined> {
  try {
    return await allTags(openListings(services, location, lent), signal);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (NOTHING_HERE.has(error.code)) return { tags: [], complete: true };
    log({ event: "search-unanswered", repository: repositoryPath(location), code: error.code });
    return undefined;
  }
}

/**
 * The tags of a repository, page after page. `complete` is false where there are more than {@link MAX_TAG_PAGES} pages.
 * @throws {RegistryError} why they cannot be had
 */
export async function allTags(
  listings: Pick<Listings, "tags">,
  signal: AbortSignal,
): Promise<{ tags: readonly string[]; complete: boolean }> {
  const tags: string[] = [];
  let next: NextPage | undefined;
  for (let pages = 0; pages < MAX_TAG_PAGES; pages++) {
    const page: TagPage = await listings.tags({ ...next, signal });
    for (const tag of page.tags) tags.push(tag);
    next = page.next;
    if (next === undefined) return { tags, complete: true };
  }
  return { tags, complete: false };
}
