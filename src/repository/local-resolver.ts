/** Resolving references of a repository that this service stores itself. */

import type { Digest } from "../oci/digest.ts";
import type { Database } from "./database.ts";
import { Membership } from "./membership.ts";
import {
  type FoundBlob,
  type ResolvedManifest,
  type Resolver,
  type Wanted,
  unknownImage,
} from "./resolution.ts";
import { Tags } from "./tags.ts";

/** The tables are the truth here: nothing goes stale and nobody else is asked. */
export class LocalResolver implements Resolver {
  readonly #path: string;
  readonly #tags: Tags;
  readonly #membership: Membership;

  readonly #blobs: { blob(digest: Digest): FoundBlob | null };

  /** @param blobs what the repository holds */
  constructor(database: Database, path: string, blobs: { blob(digest: Digest): FoundBlob | null }) {
    this.#path = path;
    this.#blobs = blobs;
    this.#tags = new Tags(database);
    this.#membership = new Membership(database);
  }

  // oxlint-disable-next-line typescript/require-await -- the same shape as a resolver that has to ask
  async resolve(wanted: Wanted): Promise<ResolvedManifest> {
    const tag = "tag" in wanted ? this.#tags.get(wanted.tag) : undefined;
    const digest = "digest" in wanted ? wanted.digest : tag?.digest;
    const manifest = digest === undefined ? undefined : this.#membership.manifest(digest);
    if (manifest === undefined) throw unknownImage(this.#path, wanted);
    return { ...manifest, freshness: "fresh", checkedAtMs: tag?.checkedMs ?? manifest.firstNamedMs };
  }

  // oxlint-disable-next-line typescript/require-await -- the same shape as a resolver that has to ask
  async blob(digest: Digest): Promise<FoundBlob | null> {
    return this.#blobs.blob(digest);
  }
}
