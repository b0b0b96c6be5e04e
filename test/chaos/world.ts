/** What a round of the fault suite is about: images in several upstreams, and repositories of the service's own. */

import { freshRepository, upstream } from "../worker/edge.ts";
import type { Origin, Plan } from "./plan.ts";

/** An image that several upstreams have, one of them with other bytes. */
export interface ChaosImage {
  readonly digest: string;
  readonly bytes: Uint8Array;
  /** `registry/repository`. */
  readonly repositories: Readonly<Record<Origin, string>>;
  /** What the tag names, and what it is moved to. */
  readonly manifests: readonly [string, string];
  /** Digest of the blob behind the second manifest. */
  readonly otherDigest: string;
  moved: boolean;
}

/** The part of a path behind the registry's name: what the upstream itself calls it. */
export function nameOf(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}

/** Puts the images of a plan into the upstreams. */
export function addImages({ seed, sizes }: Plan): Promise<ChaosImage[]> {
  return Promise.all(sizes.map((sizeBytes, index) => addImage((seed * 8 + index * 2) % 2 ** 31, sizeBytes)));
}

async function addImage(seed: number, sizeBytes: number): Promise<ChaosImage> {
  const repositories = {
    honest: `lab/${freshRepository()}`,
    mirror: `vault/${freshRepository()}`,
    liar: `lab/${freshRepository()}`,
  };
  const honest = nameOf(repositories.honest);
  const image = await upstream.addImage(honest, "1.0", { sizeBytes, seed });
  const other = await upstream.addImage(honest, null, { sizeBytes: 5000, seed: seed + 1 });
  await upstream.addImage(nameOf(repositories.mirror), "1.0", { sizeBytes, seed });
  const wrong = { sizeBytes, seed: seed + 1, declaredDigest: image.digest };
  await upstream.addImage(nameOf(repositories.liar), "1.0", wrong);
  const blob = await fetch(`${upstream.url}/v2/${honest}/blobs/${image.digest}`);
  return {
    digest: image.digest,
    bytes: new Uint8Array(await blob.arrayBuffer()),
    repositories,
    manifests: [image.manifestDigest, other.manifestDigest],
    otherDigest: other.digest,
    moved: false,
  };
}
