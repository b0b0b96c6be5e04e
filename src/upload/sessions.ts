/** Upload sessions as the Worker uses them: opening one, adding to it what a request brings, and finishing it. */

import { callObject } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Services } from "../services.ts";
import { newUploadId } from "../store/keys.ts";
import { type Appended, type Appendix, passOver } from "./appendix.ts";
import type { BlobUpload } from "./blob-upload.ts";
import { writePieces } from "./piece-writer.ts";
import type { UploadObject } from "./upload-object.ts";
import type { FinishedUpload } from "./upload-record.ts";

/** One given by an older version has no word in front, and its session goes on. */
const ID = /^(?:upload-)?[0-9a-f]{32}$/;

/** Whether a text could be the id of a session; a Durable Object is asked for no other. */
export function isUploadId(text: string): boolean {
  return ID.test(text);
}

/** One upload session whose bytes are kept here. */
export class UploadSession implements BlobUpload {
  readonly #services: Services;
  readonly #path: string;
  readonly id: string;

  /** @param path `registry/repository` */
  constructor(services: Services, path: string, id: string) {
    this.#services = services;
    this.#path = path;
    this.id = id;
  }

  /**
   * Opens a new session.
   * @throws {RegistryError} why the repository takes nothing
   */
  static async start(
    services: Services,
    path: string,
    algorithm: DigestAlgorithm = "sha256",
  ): Promise<UploadSession> {
    const session = new UploadSession(services, path, newUploadId());
    await callObject(() => session.#stub().start(session.id, path, algorithm));
    return session;
  }

  /**
   * How many bytes are stored.
   * @throws {RegistryError} `upload-unknown`
   */
  offsetBytes(): Promise<number> {
    return callObject(() => this.#stub().offsetBytes(this.#path));
  }

  /**
   * Adds bytes at the end. Where they break off, those in whole pieces stay, and the session tells how far they reach.
   * @throws {RegistryError} `upload-unknown`, `upload-invalid`, `size-mismatch`, `quota-exceeded`
   * @throws {unknown} when the body breaks off, or the store fails
   */
  async append(appendix: Appendix): Promise<Appended> {
    const { pieces, config } = this.#services;
    const { body, startBytes, again } = appendix;
    const path = this.#path;
    const turn = await callObject(() => this.#stub().begin(path, startBytes, again));
    if ("endsAtBytes" in turn) return { ...turn, taken: false };
    const { writer, nextIndex, roomBytes, offsetBytes } = turn;
    const rest = await passOver(appendix, offsetBytes);
    const discard = (index: number): Promise<void> => pieces.delete(this.id, index);
    await writePieces({
      body,
      announcedBytes: rest.announcedBytes,
      chunkBytes: config.chunkBytes,
      roomBytes,
      firstIndex: nextIndex,
      put: (index, piece) => pieces.put(this.id, index, piece),
      stored: async (index, bytes) => {
        try {
          await callObject(() => this.#stub().stored(path, writer, index, bytes));
        } catch (error) {
          // A piece that was refused is known to nobody, so nobody else would delete it. After any other failure it may
          // have been noted.
          if (error instanceof RegistryError && error.status < 500) await discard(index);
          throw error;
        }
      },
      discard,
    });
    // Only a writer that got to its end says so: after any other, the next one leaves its last names alone.
    const endsAtBytes = await callObject(() => this.#stub().end(path, writer));
    return { endsAtBytes: rest.endsAtBytes ?? endsAtBytes, taken: true };
  }

  async finish(digest: Digest, last: Appendix): Promise<Appended> {
    // Sent again by a client that did not hear of the first one's success, or could not wait for it: then these bytes
    // have come.
    if (last.announcedBytes !== 0 && !(await callObject(() => this.#stub().complete(this.#path)))) {
      const appended = await this.append(last);
      if (!appended.taken) return appended;
    }
    const { sizeBytes } = await this.commit(digest);
    return { endsAtBytes: sizeBytes, taken: true };
  }

  /** See {@link UploadLife.finish}. */
  commit(wanted: Digest | DigestAlgorithm): Promise<FinishedUpload> {
    return callObject(() => this.#stub().finish(this.#path, wanted));
  }

  /** See {@link UploadLife.hash}. */
  hash(algorithm: DigestAlgorithm): Promise<string> {
    return callObject(() => this.#stub().hash(this.#path, algorithm));
  }

  /** See {@link UploadLife.cancel}. */
  async cancel(): Promise<void> {
    await callObject(() => this.#stub().cancel(this.#path));
  }

  #stub(): DurableObjectStub<UploadObject> {
    return this.#services.uploads.getByName(this.id);
  }
}
