/** The tags of a repository, for its page. */

import { LOCAL_REGISTRY } from "../config.ts";
import { type RepositoryPath, isTag, repositoryPath } from "../oci/reference.ts";
import { openListings } from "../repository/listings.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { newestVersionFirst } from "./version-order.ts";

/** Tags, those of the newest versions first. */
export interface TagList {
  readonly tags: readonly string[];
  /** Whether the registry has more than it told. */
  readonly more: boolean;
}

/** How many are asked for: registries send as many at once, or fewer. */
const ASKED = 1000;
/** How long a list is shown before the registry is asked again. */
const FRESH_MS = 60_000;
/** Lists that an isolate keeps, the oldest making way: a list of a thousand tags takes some 20 KiB. */
const MAX_KEPT = 200;

const kept = new WeakMap<object, Map<string, { readonly list: TagList; readonly readMs: number }>>();

/**
 * Asks a repository's registry for its tags, unless it was asked a moment ago.
 * @throws {RegistryError} `repository-unknown`, `upstream-denied`, or why the upstream could not answer
 */
export async function loadTags(
  services: Services,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): Promise<TagList> {
  // What is stored here is asked for each time: whoever published just now wants to see it.
  const mayKeep = lent === undefined && location.registry !== LOCAL_REGISTRY;
  const lists = kept.get(services.repositories) ?? new Map();
  kept.set(services.repositories, lists);
  const path = repositoryPath(location);
  const known = lists.get(path);
  if (mayKeep && known !== undefined && Date.now() - known.readMs < FRESH_MS) return known.list;

  const { tags, next } = await openListings(services, location, lent).tags({ n: ASKED });
  const list = { tags: tags.filter(isTag).sort(newestVersionFirst), more: next !== undefined };
  if (mayKeep) {
    lists.delete(path);
    lists.set(path, { list, readMs: Date.now() });
    for (const oldest of lists.keys()) {
      if (lists.size <= MAX_KEPT) break;
      lists.delete(oldest);
    }
  }
  return list;
}
