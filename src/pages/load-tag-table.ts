/** What a repository's page tells of each tag. */

import { RegistryError } from "../errors.ts";
import type { RepositoryPath } from "../oci/reference.ts";
import { findImage } from "../repository/image.ts";
import { settledWithin } from "../repository/settled-within.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { TagList } from "./load-tags.ts";

/** What is known of a tag's image. */
export interface TagRow {
  readonly tag: string;
  readonly sizeBytes?: number;
  /** As the image has it, which need be no date. */
  readonly created?: string | undefined;
  /** Why it is no image that can be had here. */
  readonly problem?: string;
}

/** A page of tags. */
export interface TagTable {
  readonly rows: readonly TagRow[];
  /** Counted from 1. */
  readonly page: number;
  readonly pages: number;
}

/** Tags of a page. */
const PAGE_ROWS = 100;
/** Of how many the image is looked up: each may cost requests that the registry counts against a limit. */
const LOOKED_UP = 12;
/** How long the page waits for them. */
const WAIT_MS = 3000;

/**
 * A page of tags: the newest images first as far as their age is known, the rest in the order of their versions.
 * @param wantedPage counted from 1; the last one where there are fewer
 */
export async function loadTagTable(
  services: Services,
  location: RepositoryPath,
  list: TagList,
  options: { readonly wantedPage: number; readonly lent: UpstreamCredentials | undefined },
): Promise<TagTable> {
  const pages = Math.max(1, Math.ceil(list.tags.length / PAGE_ROWS));
  const page = Math.min(options.wantedPage, pages);
  const tags = list.tags.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS);
  const first = await Promise.all(
    tags.slice(0, LOOKED_UP).map(async (tag): Promise<TagRow> => {
      const row = await settledWithin(lookUp(services, { ...location, tag }, options.lent), WAIT_MS);
      return row?.status === "fulfilled" ? row.value : { tag };
    }),
  );
  return {
    rows: [...first.sort(newestFirst), ...tags.slice(LOOKED_UP).map((tag) => ({ tag }))],
    page,
    pages,
  };
}

async function lookUp(
  services: Services,
  reference: RepositoryPath & { readonly tag: string },
  lent: UpstreamCredentials | undefined,
): Promise<TagRow> {
  const { tag } = reference;
  try {
    const image = await findImage(services, { reference, architecture: services.config.defaultArch, lent });
    return { tag, sizeBytes: image.layer.sizeBytes, created: image.created };
  } catch (error) {
    if (error instanceof RegistryError && error.status === 422) return { tag, problem: error.title };
    return { tag };
  }
}

/** Those whose age is not known stay in their order, behind the others. */
function newestFirst(left: TagRow, right: TagRow): number {
  const [leftMs, rightMs] = [Date.parse(left.created ?? ""), Date.parse(right.created ?? "")];
  if (Number.isNaN(leftMs) && Number.isNaN(rightMs)) return 0;
  if (Number.isNaN(leftMs)) return 1;
  return Number.isNaN(rightMs) ? -1 : rightMs - leftMs;
}
