/** The names of everything in the R2 bucket; `docs/storage-schema.md` describes what each holds. */

import type { Digest } from "../oci/digest.ts";

/** All pieces of one fill stand behind this prefix. */
export function piecePrefix(fillId: string): string {
  return `chunks/${fillId}/`;
}

/** One piece of a blob, immutable once written. */
export function pieceKey(fillId: string, index: number): string {
  return `${piecePrefix(fillId)}${index}`;
}

/** All commit records stand behind this prefix. */
export const COMMIT_PREFIX = "blobs/";

/** The commit record of a blob: there only when the blob's whole digest was checked. */
export function commitKey(digest: Digest): string {
  return `${COMMIT_PREFIX}${digest}`;
}

/** A manifest, byte for byte as it was received, checked against its digest. */
export function manifestKey(digest: Digest): string {
  return `manifests/${digest}`;
}

/** What is in a committed SIF file; goes with its commit record. */
export function inspectionKey(digest: Digest): string {
  return `inspect/${digest}`;
}

/** All repositories that the service stores itself stand behind this prefix. */
export const REPOSITORY_PREFIX = "repositories/";

/** Says that a repository of the service's own holds something; `path` is `registry/repository`. */
export function repositoryKey(path: string): string {
  return `${REPOSITORY_PREFIX}${path}`;
}

/** Examples for the start page stand behind this prefix. */
export const EXAMPLE_PREFIX = "examples/";

/** An example for the start page, by its reference. */
export function exampleKey(reference: string): string {
  return EXAMPLE_PREFIX + reference;
}
