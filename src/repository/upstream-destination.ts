/** Writing to a repository that an upstream registry keeps. */

import { openBlob } from "../blob/reader.ts";
import { callObject } from "../call-object.ts";
import type { Upstream } from "../config.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { namedBlobs, namedManifests, parseManifest } from "../oci/manifest.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Outcome } from "../outcome.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { sendBody } from "../upstream/outgoing-body.ts";
import { RegistryClient } from "../upstream/registry-client.ts";
import { RegistryWriter, type TakenManifest, type UpstreamUpload } from "../upstream/registry-writer.ts";
import { BodyReader } from "../upload/body-reader.ts";
import type { Destination, OutgoingManifest, StoredBlob } from "./destination.ts";
import type { RepositoryObject } from "./repository-object.ts";
import { type Wanted, referenceOf } from "./resolution.ts";

/** Registries may copy a blob to where it belongs before they say that they have it. */
const ANSWER_MS = 15 * 60_000;
/** Whoever published is kept waiting no longer for an upload session to be given up. */
const GIVE_UP_MS = 5_000;

/** A repository of an upstream's. */
export class UpstreamDestination implements Destination {
  readonly #services: Services;
  readonly #location: RepositoryPath;
  readonly #reader: RegistryClient;
  readonly #writer: RegistryWriter;
  /** The upload session that is open: opened to ask for leave, then used for the first blob, or opened for another. */
  #opened: UpstreamUpload | undefined;

  constructor(
    services: Services,
    upstream: Upstream,
    location: RepositoryPath,
    lent: UpstreamCredentials | undefined,
  ) {
    const options = { idleMs: services.config.upstreamIdleMs, credentials: lent };
    this.#services = services;
    this.#location = location;
    this.#reader = new RegistryClient(upstream, options);
    this.#writer = new RegistryWriter(upstream, options);
  }

  /** Opens an upload session: a registry that takes none says so before the file is on its way. */
  async begin(): Promise<void> {
    this.#opened = await this.#writer.startUpload(this.#location.repository);
  }

  async addBlob({ digest, sizeBytes }: StoredBlob): Promise<void> {
    const { repository } = this.#location;
    if (!(await this.#has(digest))) {
      this.#opened ??= await this.#writer.startUpload(repository);
      // Without a blob to mount it is always a session.
      if (this.#opened === undefined) throw new Error("Cannot upload: the upstream opened no session");
      this.#opened = await this.#send(this.#opened, digest, sizeBytes);
      await this.#writer.finishUpload({ repository, location: this.#opened.location }, digest);
      this.#opened = undefined;
    }
    await this.#expect({ digest });
  }

  async putManifest({ digest, mediaType, bytes, tag }: OutgoingManifest): Promise<TakenManifest> {
    const { repository } = this.#location;
    let taken: TakenManifest;
    try {
      taken = await this.#writer.putManifest(repository, tag ?? digest, { mediaType, bytes });
    } catch (error) {
      // Clients upload only what they are told is missing: what was known before must not keep them from it for ever.
      if (hasCode(error, "manifest-blob-unknown")) await this.#forget(namedBy(bytes, mediaType));
      throw error;
    }
    await this.#expect({ digest });
    if (tag !== undefined) await this.#expect({ tag });
    return taken;
  }

  async end(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    const { repository } = this.#location;
    const step = { repository, location: opened.location, silenceMs: GIVE_UP_MS };
    // The upstream gives it up by itself some day.
    await this.#writer.cancelUpload(step).catch(() => {});
  }

  async manifest(
    wanted: Wanted,
  ): Promise<{ digest: Digest; mediaType: string; bytes: Uint8Array } | undefined> {
    try {
      return await this.#reader.getManifest(this.#location.repository, referenceOf(wanted));
    } catch (error) {
      if (hasCode(error, "image-unknown")) return undefined;
      throw error;
    }
  }

  async delete(wanted: Wanted): Promise<void> {
    try {
      await this.#writer.deleteManifest(this.#location.repository, referenceOf(wanted));
    } catch (error) {
      if (hasCode(error, "image-unknown")) await this.#forgetDeleted(wanted);
      throw error;
    }
    await this.#forgetDeleted(wanted);
  }

  async deleteBlob(digest: Digest): Promise<void> {
    try {
      await this.#writer.deleteBlob(this.#location.repository, digest);
    } catch (error) {
      if (hasCode(error, "blob-unknown")) await this.#forget([digest]);
      throw error;
    }
    await this.#forget([digest]);
  }

  async #has(digest: Digest): Promise<boolean> {
    try {
      await this.#reader.headBlob(this.#location.repository, digest);
      return true;
    } catch (error) {
      // Whoever may push need not be allowed to look: then it is pushed.
      if (hasCode(error, "blob-unknown", "repository-unknown", "upstream-denied")) return false;
      throw error;
    }
  }

  /** Sends a verified blob out of the store, so that what the upstream gets is what was checked. */
  async #send(opened: UpstreamUpload, digest: Digest, sizeBytes: number): Promise<UpstreamUpload> {
    const { repository } = this.#location;
    const commit = await this.#services.commits.get(digest);
    const blob = await openBlob(this.#services, { digest, sizeBytes, source: this.#location }, commit);
    const { readable, writable } = new FixedLengthStream(sizeBytes);
    const reading = blob.send(writable, 0, sizeBytes);
    reading.catch(() => {});
    const source = new BodyReader(readable);
    const body = {
      source,
      bytes: sizeBytes,
      idleMs: this.#services.config.upstreamIdleMs,
      answerMs: ANSWER_MS,
    };
    try {
      return await sendBody(body, (stream, signal) =>
        this.#writer.sendToUpload({
          repository,
          location: opened.location,
          body: stream,
          silenceMs: Infinity,
          signal,
        }),
      );
    } finally {
      await source.cancel();
    }
  }

  #forgetDeleted(wanted: Wanted): Promise<void> {
    return this.#repository((stub, path) => stub.forgetDeleted(path, wanted));
  }

  #forget(digests: readonly Digest[]): Promise<void> {
    return this.#repository((stub, path) => stub.forgetMembers(path, digests));
  }

  async #expect(wanted: Wanted): Promise<void> {
    await this.#repository((stub, path) => stub.expect(path, wanted));
  }

  #repository<T>(
    call: (stub: DurableObjectStub<RepositoryObject>, path: string) => Promise<Outcome<T>>,
  ): Promise<T> {
    const path = repositoryPath(this.#location);
    return callObject(() => call(this.#services.repositories.getByName(path), path));
  }
}

function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is RegistryError {
  return error instanceof RegistryError && codes.includes(error.code);
}

/** The manifests and blobs that a manifest names. */
function namedBy(bytes: Uint8Array, mediaType: string): Digest[] {
  const manifest = parseManifest(bytes, mediaType);
  return [...namedBlobs(manifest), ...namedManifests(manifest)]
    .map(({ digest }) => digest)
    .filter((digest) => isDigest(digest));
}
