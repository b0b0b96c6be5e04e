/** The writing half of a client of one upstream registry; see `registry-client` for the reading one. */

import type { Upstream } from "../config.ts";
import type { Digest } from "../oci/digest.ts";
import { deleteBlob, deleteManifest, type NewManifest, putManifest, type TakenManifest } from "./changes.ts";
import { Session, type SessionOptions } from "./session.ts";
import {
  cancelUpload,
  finishUpload,
  type MountSource,
  sendToUpload,
  startUpload,
  type UploadStep,
  type UpstreamUpload,
  uploadStatus,
} from "./uploads.ts";

export type { NewManifest, TakenManifest } from "./changes.ts";
export type { MountSource, UploadStep, UpstreamUpload } from "./uploads.ts";

/**
 * Writes to one upstream. Nothing is sent twice but what was refused for lack of credentials and is small; failures are
 * {@link RegistryError}s with the upstream's own reason.
 */
export class RegistryWriter {
  readonly #session: Session;

  constructor(upstream: Upstream, options: SessionOptions = {}) {
    this.#session = new Session(upstream, options);
  }

  /** See {@link startUpload}. */
  startUpload(repository: string, mount?: MountSource): Promise<UpstreamUpload | undefined> {
    return startUpload(this.#session, repository, mount);
  }

  /** See {@link sendToUpload}. */
  sendToUpload(step: UploadStep): Promise<UpstreamUpload> {
    return sendToUpload(this.#session, step);
  }

  /** See {@link uploadStatus}. */
  uploadStatus(step: UploadStep): Promise<UpstreamUpload> {
    return uploadStatus(this.#session, step);
  }

  /** See {@link finishUpload}. */
  finishUpload(step: UploadStep, digest: Digest): Promise<void> {
    return finishUpload(this.#session, step, digest);
  }

  /** See {@link cancelUpload}. */
  cancelUpload(step: UploadStep): Promise<void> {
    return cancelUpload(this.#session, step);
  }

  /** See {@link putManifest}. */
  putManifest(repository: string, reference: string, manifest: NewManifest): Promise<TakenManifest> {
    return putManifest(this.#session, repository, reference, manifest);
  }

  /** See {@link deleteManifest}. */
  deleteManifest(repository: string, reference: string): Promise<void> {
    return deleteManifest(this.#session, repository, reference);
  }

  /** See {@link deleteBlob}. */
  deleteBlob(repository: string, digest: Digest): Promise<void> {
    return deleteBlob(this.#session, repository, digest);
  }
}
