/** Writing to a repository that this service stores itself. */

import { callObject } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { readPushed } from "../oci/pushed-manifest.ts";
import { type RepositoryPath, repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import type { TakenManifest } from "../upstream/registry-writer.ts";
import type { Destination, OutgoingManifest, StoredBlob } from "./destination.ts";
import type { RepositoryObject } from "./repository-object.ts";
import type { Wanted } from "./resolution.ts";

/** A repository of the service's own. */
export class LocalDestination implements Destination {
  readonly #services: Services;
  readonly #path: string;

  constructor(services: Services, location: RepositoryPath) {
    this.#services = services;
    this.#path = repositoryPath(location);
  }

  async begin(): Promise<void> {
    await callObject(() => this.#stub().beginPush(this.#path));
  }

  async end(): Promise<void> {
    // A push that was begun and not gone on with is nothing.
  }

  async addBlob({ digest, sizeBytes }: StoredBlob): Promise<void> {
    const held = await callObject(() => this.#stub().holdBlob(this.#path, digest, sizeBytes));
    if (held) return;
    throw new RegistryError(
      "blob-unknown",
      `Cannot add blob "${digest}" to "${this.#path}": it was just deleted; push it again`,
    );
  }

  async putManifest(manifest: OutgoingManifest): Promise<TakenManifest> {
    await callObject(() => this.#stub().putManifest(this.#path, manifest));
    return { subject: readPushed(manifest.bytes, manifest.mediaType).subject?.digest };
  }

  async manifest(
    wanted: Wanted,
  ): Promise<{ digest: Digest; mediaType: string; bytes: Uint8Array } | undefined> {
    try {
      const { digest } = await callObject(() => this.#stub().resolve(this.#path, wanted));
      const stored = await this.#services.manifests.get(digest);
      return stored === null ? undefined : { digest, mediaType: stored.mediaType, bytes: stored.bytes };
    } catch (error) {
      if (error instanceof RegistryError && error.code === "image-unknown") return undefined;
      throw error;
    }
  }

  async delete(wanted: Wanted): Promise<void> {
    await callObject(() => this.#stub().delete(this.#path, wanted));
  }

  async deleteBlob(digest: Digest): Promise<void> {
    await callObject(() => this.#stub().deleteBlob(this.#path, digest));
  }

  #stub(): DurableObjectStub<RepositoryObject> {
    return this.#services.repositories.getByName(this.#path);
  }
}
