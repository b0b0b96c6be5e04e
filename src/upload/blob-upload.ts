/** An upload session as clients of the distribution specification see it, wherever the bytes go. */

import { LOCAL_REGISTRY } from "../config.ts";
import { RegistryError } from "../errors.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import type { MountSource } from "../upstream/registry-writer.ts";
import type { Appended, Appendix } from "./appendix.ts";
import { ForwardedSession } from "./forwarded-session.ts";
import { UploadSession, isUploadId } from "./sessions.ts";

/** One session. */
export interface BlobUpload {
  readonly id: string;
  /**
   * How many bytes of it are safe.
   * @throws {RegistryError} `upload-unknown`
   */
  offsetBytes(): Promise<number>;
  /**
   * Adds bytes at the end.
   * @throws {RegistryError} `upload-unknown`, `upload-invalid`, `size-mismatch`, and why they are not taken
   * @throws {unknown} when the body breaks off
   */
  append(appendix: Appendix): Promise<Appended>;
  /**
   * Makes a blob of it, with the last bytes where there are some.
   * @returns where it ends instead, where the last bytes belong elsewhere
   * @throws {RegistryError} `invalid-digest` where the bytes have another digest, `upload-unknown`, and why it is not taken
   */
  finish(digest: Digest, last: Appendix): Promise<Appended>;
  /**
   * Gives it up.
   * @throws {RegistryError} `upload-unknown`
   */
  cancel(): Promise<void>;
}

/** Whose repository, and with whose credentials. */
export interface UploadPlace {
  readonly location: RepositoryPath;
  /** Credentials of the request's own, for an upstream. */
  readonly lent: UpstreamCredentials | undefined;
}

/**
 * Opens a session.
 * @param options.mount a blob that another repository of the same upstream may have
 * @returns `undefined` where the upstream had it and has mounted it
 * @throws {RegistryError} why the repository takes nothing
 */
export async function startBlobUpload(
  services: Services,
  place: UploadPlace,
  options: { readonly algorithm: DigestAlgorithm; readonly mount?: MountSource | undefined },
): Promise<BlobUpload | undefined> {
  const { location } = place;
  if (location.registry === LOCAL_REGISTRY && place.lent === undefined) {
    return UploadSession.start(services, repositoryPath(location), options.algorithm);
  }
  return ForwardedSession.start(services, place, options.mount);
}

/**
 * A session that was opened before.
 * @throws {RegistryError} `upload-unknown` for what cannot be one; whether it is one, its calls tell.
 */
export function openBlobUpload(services: Services, place: UploadPlace, id: string): BlobUpload {
  const path = repositoryPath(place.location);
  if (!isUploadId(id)) {
    throw new RegistryError("upload-unknown", `Cannot find upload in "${path}": there is none of this name`);
  }
  return place.location.registry === LOCAL_REGISTRY && place.lent === undefined
    ? new UploadSession(services, path, id)
    : new ForwardedSession(services, place, id);
}
