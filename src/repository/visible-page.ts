/** As much of one registry's list of repositories as may be shown, and nothing of the rest. */

import { isRepositoryPath, type RepositoryPath } from "../oci/reference.ts";
import type { CatalogPage } from "../upstream/registry-client.ts";

/** What to show. */
export interface VisibleRequest {
  readonly registry: string;
  /** Asks the registry; `undefined` where it does not answer. */
  readonly ask: (page: {
    readonly n: number;
    readonly last: string | undefined;
  }) => Promise<CatalogPage | undefined>;
  /** Repositories at most. */
  readonly n: number;
  /** Where the page before ended, as its `next` has it. */
  readonly last: string | undefined;
  /** Whether a repository may be shown. */
  readonly visible: (location: RepositoryPath) => boolean;
  /** Whether the list knows no tokens, so that it can be read ahead and cut wherever it suits. */
  readonly byName: boolean;
  /** Pages of the registry's list that may be asked for. */
  readonly maxAsked: number;
}

/** What is shown. */
export interface VisiblePage {
  readonly repositories: readonly string[];
  /** Where to go on; where the registry has names for that, one that was shown. */
  readonly next?: string | undefined;
  /** How it ended: as it should, or since the registry did not answer, or since nothing was found that may be shown. */
  readonly end: "complete" | "unanswered" | "gave-up";
  /** Pages that were asked for. */
  readonly asked: number;
}

/** Registries refuse to send more at once. */
const READ_AHEAD_ENTRIES = 1000;

/**
 * Reads a registry's list until so many repositories are found that may be shown.
 *
 * A cursor is a name wherever the registry goes by names, and one of a repository that may not be shown would tell of
 * it. So is every place at which a page happens to end: small pages could be made to feel for what lies between two
 * names. Hence a list is read ahead in large pages as soon as it is known to go by names.
 */
export async function visiblePage(request: VisibleRequest): Promise<VisiblePage> {
  const { registry, ask, n, visible, maxAsked } = request;
  const repositories: string[] = [];
  let last = request.last;
  let byName = request.byName;
  for (let asked = 1; asked <= maxAsked; asked++) {
    const room = n - repositories.length;
    const page = await ask({ n: byName ? READ_AHEAD_ENTRIES : room, last });
    if (page === undefined) return { repositories, end: "unanswered", asked };
    last = page.next?.last;
    byName = last === undefined ? byName : last === page.repositories.at(-1);
    const found = page.repositories.filter(
      (repository) => isRepositoryPath(`${registry}/${repository}`) && visible({ registry, repository }),
    );
    const cut = found.length > room && (byName || last === undefined);
    for (const repository of cut ? found.slice(0, room) : found) repositories.push(repository);
    if (last === undefined && !cut) return { repositories, end: "complete", asked };
    if (repositories.length >= n) {
      return { repositories, next: byName || cut ? repositories.at(-1) : last, end: "complete", asked };
    }
  }
  const next = byName ? repositories.at(-1) : last;
  return { repositories, next, end: next === undefined ? "gave-up" : "complete", asked: maxAsked };
}
