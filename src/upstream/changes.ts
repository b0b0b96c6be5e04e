/** Publishing manifests, and deleting: OCI distribution specification 1.1, end-7, end-9 and end-10. */

import { type ErrorCode, RegistryError } from "../errors.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { discard } from "./read-body.ts";
import { pushScope, type Session, type WriteRequest } from "./session.ts";

/** A manifest that is sent as it is. */
export interface NewManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What an upstream says of a manifest that it has taken. */
export interface TakenManifest {
  /** The subject that it has noted the manifest for: where it tells, no client has to keep the referrers tag. */
  readonly subject: string | undefined;
}

/** Registries look for everything that a manifest names before they take it. */
const PUT_MS = 5 * 60_000;

/**
 * Publishes a manifest under a tag or its digest.
 * @throws {RegistryError} `manifest-blob-unknown`, `unusable-manifest`, `upstream-denied`, or why it is not taken
 */
export async function putManifest(
  session: Session,
  repository: string,
  reference: string,
  manifest: NewManifest,
): Promise<TakenManifest> {
  const request: WriteRequest = {
    method: "PUT",
    path: `${repository}/manifests/${reference}`,
    headers: { "content-type": manifest.mediaType },
    scope: pushScope(repository),
    action: `put manifest "${repository}${separatorOf(reference)}${reference}"`,
    missing: "repository-unknown",
    body: manifest.bytes,
    silenceMs: PUT_MS,
  };
  const landed = await session.write(request);
  const { status, headers } = landed.response;
  // 201 by the specification; clients take these, too.
  if (status !== 201 && status !== 200 && status !== 202) throw await session.refusal(landed, request);
  await discard(landed.response);
  return { subject: headers.get("oci-subject") ?? undefined };
}

/**
 * Deletes a tag, or a manifest.
 * @throws {RegistryError} `image-unknown`, `upstream-denied`; `unsupported` as of registries that delete nothing, or
 *   by digest only
 */
export async function deleteManifest(session: Session, repository: string, reference: string): Promise<void> {
  const what = `manifest "${repository}${separatorOf(reference)}${reference}"`;
  try {
    await remove(session, repository, `manifests/${reference}`, what, "image-unknown");
  } catch (error) {
    const refused = error instanceof RegistryError && (error.status === 400 || error.status === 405);
    if (!refused || isDigest(reference)) throw error;
    // Registries that know digests only take the tag for a wrong one.
    throw new RegistryError(
      "unsupported",
      `${error.message}; it may delete by digest only, which takes all tags of the image away`,
      { cause: error },
    );
  }
}

/**
 * Deletes a blob.
 * @throws {RegistryError} `blob-unknown`, `upstream-denied`, `unsupported`
 */
export async function deleteBlob(session: Session, repository: string, digest: Digest): Promise<void> {
  await remove(session, repository, `blobs/${digest}`, `blob "${repository}@${digest}"`, "blob-unknown");
}

async function remove(
  session: Session,
  repository: string,
  path: string,
  what: string,
  missing: ErrorCode,
): Promise<void> {
  const request: WriteRequest = {
    method: "DELETE",
    path: `${repository}/${path}`,
    scope: pushScope(repository, "delete"),
    action: `delete ${what}`,
    missing,
  };
  const landed = await session.write(request);
  const { status } = landed.response;
  if (status !== 202 && status !== 200 && status !== 204) throw await session.refusal(landed, request);
  await discard(landed.response);
}

function separatorOf(reference: string): string {
  return isDigest(reference) ? "@" : ":";
}
