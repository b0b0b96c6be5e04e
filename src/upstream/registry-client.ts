/**
 * A client of one upstream registry: the reading half of the OCI distribution specification 1.1.
 *
 * Underneath: `session` signs requests and answers challenges, `redirects` follows them without letting anything of the
 * registry's leave it, `transport` waits and tries again. Every failure is a {@link RegistryError} of the service's own
 * codes, worded with what was asked and what the upstream said; none holds a secret.
 */

import type { Upstream } from "../config.ts";
import type { Digest } from "../oci/digest.ts";
import { type BlobBody, type BlobRange, headBlob, openBlob } from "./blobs.ts";
import { catalog, type CatalogPage, listTags, type TagPage } from "./listings.ts";
import { type FetchedManifest, getManifest, headManifest, type ManifestHead } from "./manifests.ts";
import type { Page } from "./pagination.ts";
import { referrers, type Referrers, type ReferrersOptions } from "./referrers.ts";
import { Session, type SessionOptions } from "./session.ts";

export type { BlobBody, BlobLocation, BlobRange } from "./blobs.ts";
export type { CatalogPage, TagPage } from "./listings.ts";
export type { FetchedManifest, ManifestHead } from "./manifests.ts";
export type { NextPage, Page } from "./pagination.ts";
export type { Referrers, ReferrersOptions } from "./referrers.ts";

/** Options of {@link RegistryClient}. */
export type RegistryClientOptions = SessionOptions;

/** A page, and when to stop waiting for it. */
export interface ListOptions extends Page {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads from one upstream. Cheap to make; access tokens and what the upstream asks for are remembered across clients of
 * the same credentials object.
 *
 * Repository names and references are expected to be parsed ones. Every call rejects with the reason of its signal when
 * that aborts, a timeout as `upstream-timeout`.
 */
export class RegistryClient {
  readonly #session: Session;

  constructor(upstream: Upstream, options: RegistryClientOptions = {}) {
    this.#session = new Session(upstream, options);
  }

  /** What a tag or digest names; see {@link headManifest}. */
  headManifest(repository: string, reference: string, signal?: AbortSignal): Promise<ManifestHead> {
    return headManifest(this.#session, repository, reference, signal);
  }

  /** A manifest's checked bytes; see {@link getManifest}. */
  getManifest(repository: string, reference: string, signal?: AbortSignal): Promise<FetchedManifest> {
    return getManifest(this.#session, repository, reference, signal);
  }

  /** A blob's size; see {@link headBlob}. */
  headBlob(repository: string, digest: Digest, signal?: AbortSignal): Promise<{ sizeBytes: number }> {
    return headBlob(this.#session, repository, digest, signal);
  }

  /** A part of a blob, or the whole where the upstream has no ranges; see {@link openBlob}. */
  openBlob(repository: string, digest: Digest, range: BlobRange): Promise<BlobBody> {
    return openBlob(this.#session, repository, digest, range);
  }

  /** A page of a repository's tags; see {@link listTags}. */
  listTags(repository: string, options: ListOptions = {}): Promise<TagPage> {
    return listTags(this.#session, repository, options);
  }

  /** A page of the upstream's repositories; see {@link catalog}. */
  catalog(options: ListOptions = {}): Promise<CatalogPage> {
    return catalog(this.#session, options);
  }

  /** The manifests that refer to one; see {@link referrers}. */
  referrers(repository: string, digest: Digest, options: ReferrersOptions = {}): Promise<Referrers> {
    return referrers(this.#session, repository, digest, options);
  }
}
