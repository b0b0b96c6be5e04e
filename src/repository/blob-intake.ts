/** Finding the blobs of a repository, also those that no manifest known here names. */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type GuardedSource, isMissing } from "./guarded-source.ts";
import type { MemberBlob, Membership } from "./membership.ts";

/** What a {@link BlobIntake} works with. */
export interface BlobIntakeOptions {
  readonly source: GuardedSource;
  readonly membership: Membership;
  readonly now: () => number;
}

/**
 * Knows blobs by the manifests that name them, or else by the upstream's word that it has them in this very repository:
 * a client may ask for one by a manifest that it got elsewhere. Whether other repositories here have the bytes makes no
 * difference to the answer, nor to who is asked for it.
 */
export class BlobIntake {
  readonly #options: BlobIntakeOptions;
  readonly #running = new Map<Digest, Promise<MemberBlob | null>>();

  constructor(options: BlobIntakeOptions) {
    this.#options = options;
  }

  /**
   * The blob, or `null` where this repository has none such. Callers at the same time share one question.
   * @throws {RegistryError} why the upstream could not answer.
   */
  async find(digest: Digest): Promise<MemberBlob | null> {
    const known = this.#options.membership.blob(digest);
    if (known !== null) return known;
    const running = this.#running.get(digest);
    if (running !== undefined) return running;
    const asking = this.#ask(digest).finally(() => {
      if (this.#running.get(digest) === asking) this.#running.delete(digest);
    });
    this.#running.set(digest, asking);
    return asking;
  }

  /** The blob was pushed: whoever asks from now on shares no question that was asked before. */
  expect(digest: Digest): void {
    this.#running.delete(digest);
  }

  async #ask(digest: Digest): Promise<MemberBlob | null> {
    const { source, membership, now } = this.#options;
    try {
      const { sizeBytes } = await source.headBlob(digest);
      membership.recordBlob(digest, sizeBytes, now());
      return membership.blob(digest);
    } catch (error) {
      // A denial, too: where an upstream tells a blob of others from none, its answer must not.
      const denied = error instanceof RegistryError && error.code === "upstream-denied";
      if (denied || isMissing(error)) return null;
      throw error;
    }
  }
}
