/** One way to write to a repository, whoever keeps it. */

import type { BlobOffer } from "../blob/blob-state.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { TakenManifest } from "../upstream/registry-writer.ts";
import { LocalDestination } from "./local-destination.ts";
import type { Wanted } from "./resolution.ts";
import { UpstreamDestination } from "./upstream-destination.ts";

/** A manifest that goes under a tag, or by its digest alone. */
export interface OutgoingManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly tag: string | undefined;
  /**
   * The digest that the tag must name still, `null` for none: where it does not, nothing is written. Upstreams cannot be
   * asked for that, so there the last writer wins.
   */
  readonly replaces?: Digest | null;
}

/** Blobs of a repository, to be published. */
export type StoredBlob = Pick<BlobOffer, "digest" | "sizeBytes">;

/** A repository as a request may change it. */
export interface Destination {
  /**
   * Asks for leave to push, before anything is read.
   * @throws {RegistryError} why not
   */
  begin(): Promise<void>;
  /** Lets go of whatever {@link Destination.begin} or a blob that failed has left open. Never fails. */
  end(): Promise<void>;
  /**
   * Makes a blob that is verified and in the store part of the repository.
   * @throws {RegistryError} why the repository does not take it
   */
  addBlob(blob: StoredBlob): Promise<void>;
  /**
   * Publishes a manifest.
   * @returns the subject that it was noted for, where it has one and the repository keeps such notes
   * @throws {RegistryError} `precondition-failed` where the tag moved, `manifest-blob-unknown`, or why it is not taken
   */
  putManifest(manifest: OutgoingManifest): Promise<TakenManifest>;
  /**
   * What a tag or digest names now, past all caches; `undefined` for nothing.
   * @throws {RegistryError} why that cannot be told
   */
  manifest(
    wanted: Wanted,
  ): Promise<{ readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
  /**
   * Takes a tag away, or a manifest with all of its tags.
   * @throws {RegistryError} `image-unknown`, `unsupported`, or why not
   */
  delete(wanted: Wanted): Promise<void>;
  /**
   * Takes a blob away that no manifest names.
   * @throws {RegistryError} `blob-unknown`, `unsupported`, or why not
   */
  deleteBlob(digest: Digest): Promise<void>;
}

/**
 * Opens a repository for writing.
 * @param lent credentials of the request's own, for an upstream
 * @throws {RegistryError} `registry-not-allowed`
 */
export function openDestination(
  services: Services,
  location: RepositoryPath,
  lent: UpstreamCredentials | undefined,
): Destination {
  const { registry } = location;
  if (registry === LOCAL_REGISTRY) {
    if (lent === undefined) return new LocalDestination(services, location);
    throw new RegistryError(
      "registry-not-allowed",
      `Cannot use lent credentials for "${registry}": it is no configured upstream registry`,
    );
  }
  const upstream = services.config.upstreams.get(registry);
  if (upstream !== undefined) return new UpstreamDestination(services, upstream, location, lent);
  throw new RegistryError(
    "registry-not-allowed",
    `Cannot use registry "${registry}": it is not configured here`,
  );
}
