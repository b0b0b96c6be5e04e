/** A manifest of a repository with its bytes. */

import { RegistryError } from "../errors.ts";
import type { ManifestStore } from "../store/manifest-store.ts";
import type { ResolvedManifest, Resolver, Wanted } from "./resolution.ts";

/** A manifest and where it stands in its repository. */
export interface LoadedManifest {
  readonly resolved: ResolvedManifest;
  /** As the registry has them, checked against the digest. */
  readonly bytes: Uint8Array;
}

/**
 * Resolves a tag or digest and reads the manifest.
 * @throws {RegistryError} see {@link Resolver.resolve}; `internal-error` where the store lost it.
 */
export async function loadManifest(
  manifests: Pick<ManifestStore, "get">,
  repository: Resolver,
  wanted: Wanted,
): Promise<LoadedManifest> {
  let resolved = await repository.resolve(wanted);
  let stored = await manifests.get(resolved.digest);
  if (stored === null) {
    // The repository believed it to be stored; something else deleted it.
    resolved = await repository.resolve(wanted, { confirmStored: true });
    stored = await manifests.get(resolved.digest);
  }
  if (stored === null) {
    throw new RegistryError(
      "internal-error",
      `Cannot read manifest "${resolved.digest}": the storage lost it; try again`,
    );
  }
  return { resolved, bytes: stored.bytes };
}
