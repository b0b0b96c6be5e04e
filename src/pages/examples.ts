/**
 * The images that the start page offers: those stored here, and those in the cache. Nothing lists what is in the cache
 * by name, so the pages take note themselves:
 * an image that is cached when its page is shown, and that everyone may read, becomes an example until it leaves the
 * cache or its registry is no longer public.
 */

import { isPublic } from "../access/permissions.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import { logFailure } from "../log.ts";
import { DEFAULT_TAG, parseReference, repositoryPath } from "../oci/reference.ts";
import { searchRegistry } from "../repository/search.ts";
import type { Image } from "../repository/image.ts";
import type { Services } from "../services.ts";
import { newestVersionFirst } from "./version-order.ts";

/** An image to look at. */
export interface Example {
  /** `registry/repository:tag`. */
  readonly reference: string;
  readonly sizeBytes?: number;
}

/** How many cached ones are looked through, and how many are shown of both kinds. */
const LISTED = 24;
const SHOWN = 6;
/** How many of those stored here are shown where there are enough of both. */
const SHOWN_LOCAL = 3;
const SEARCH_MS = 2000;
/** How long a list is shown before it is read again: a start page costs no storage operations then. */
const FRESH_MS = 60_000;

interface Kept {
  readonly examples: readonly Example[];
  readonly readMs: number;
}

/** What this isolate has read and noted, by the environment's objects: services are made anew for each request. */
const lists = new WeakMap<object, Kept>();
const noted = new WeakMap<object, Set<string>>();

/** A few images that are in the cache and open to everyone. */
export async function findExamples(services: Services, nowMs: number): Promise<readonly Example[]> {
  const kept = lists.get(services.blobs);
  if (kept !== undefined && nowMs - kept.readMs < FRESH_MS) return kept.examples;
  let examples: readonly Example[] = [];
  try {
    examples = await readExamples(services);
  } catch (error) {
    // A start page without examples is better than none.
    logFailure({ event: "examples-unreadable" }, error);
  }
  lists.set(services.blobs, { examples, readMs: nowMs });
  return examples;
}

/** Takes note of an image that is in the cache; of one that not everyone may read, or without a tag, nothing is kept. */
export async function noteExample(services: Services, image: Image): Promise<void> {
  const { reference, layer } = image;
  // Those stored here are found without a note.
  if (reference.registry === LOCAL_REGISTRY) return;
  if (reference.tag === undefined || !isPublic(reference.registry, services.config)) return;
  const name = `${repositoryPath(reference)}:${reference.tag}`;
  const seen = noted.get(services.blobs) ?? new Set();
  noted.set(services.blobs, seen);
  const mark = `${name}@${layer.digest}`;
  if (seen.has(mark)) return;
  seen.add(mark);
  await services.examples.put({ reference: name, digest: layer.digest, sizeBytes: layer.sizeBytes });
}

async function readExamples(services: Services): Promise<readonly Example[]> {
  const local = isPublic(LOCAL_REGISTRY, services.config) ? await localExamples(services) : [];
  const cached = await cachedExamples(services);
  const few = local.slice(0, Math.max(SHOWN_LOCAL, SHOWN - cached.length));
  return [...few, ...cached.slice(0, SHOWN - few.length)];
}

/** The newest image of each of a few repositories. */
async function localExamples(services: Services): Promise<Example[]> {
  const { images } = await searchRegistry(services, {
    registry: LOCAL_REGISTRY,
    n: SHOWN,
    last: undefined,
    visible: () => true,
    lent: undefined,
    signal: AbortSignal.timeout(SEARCH_MS),
  });
  const newest = new Map<string, string>();
  for (const image of images) {
    const { tag = DEFAULT_TAG, ...location } = parseReference(image);
    const path = repositoryPath(location);
    const known = newest.get(path);
    if (known === undefined || newestVersionFirst(tag, known) < 0) newest.set(path, tag);
  }
  return [...newest].map(([path, tag]) => ({ reference: `${path}:${tag}` }));
}

async function cachedExamples(services: Services): Promise<Example[]> {
  const listed = await services.examples.list(LISTED);
  const open = listed.filter(({ reference }) =>
    isPublic(parseReference(reference).registry, services.config),
  );
  const still = await Promise.all(open.map(({ digest }) => services.commits.get(digest)));
  const gone = open.filter((_, index) => still[index] === null);
  await Promise.all(gone.map(({ reference }) => services.examples.delete(reference)));
  return open.filter((example) => !gone.includes(example));
}
