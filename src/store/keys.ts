/** The names of everything in the R2 bucket; `docs/storage-schema.md` describes what each holds. */

import { type Digest, parseDigest } from "../oci/digest.ts";

/** All pieces of all blobs stand behind this prefix. */
export const PIECES_PREFIX = "chunks/";

/**
 * A new name for the pieces of a blob. It holds the blob's digest, so that whoever finds pieces knows whom to ask
 * whether they are wanted.
 */
export function newFillId(digest: Digest): string {
  return `${digest.replace(":", "-")}-${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** The digest that the name of a fill holds; `undefined` for a name of another kind. */
export function digestOfFill(fillId: string): Digest | undefined {
  const match = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})-[0-9a-f]{16}$/.exec(fillId);
  return match?.[1] === undefined ? undefined : parseDigest(match[1].replace("-", ":"));
}

/** 128 random bits: an upload's id is all that the address of its session holds. */
const UPLOAD_ID_BYTES = 16;

/** A new id for an upload; its pieces have it for a name, which tells whom to ask whether they are wanted. */
export function newUploadId(): string {
  return `upload-${crypto.getRandomValues(new Uint8Array(UPLOAD_ID_BYTES)).toHex()}`;
}

/** Whether the name of pieces is the id of an upload. Those that were given before have no word in front, and tell nothing. */
export function namesUpload(fillId: string): boolean {
  return /^upload-[0-9a-f]{32}$/.test(fillId);
}

/** Says which blob the pieces of an upload have become, or were about to. */
export function ownerKey(fillId: string): string {
  return `owners/${fillId}`;
}

/** All pieces of one fill stand behind this prefix. */
export function piecePrefix(fillId: string): string {
  return `${PIECES_PREFIX}${fillId}/`;
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
