/** Bringing manifests into the store: each once, and only checked ones. */

import type { Digest } from "../oci/digest.ts";
import { checkedManifest } from "./checked-manifest.ts";
import type { GuardedSource } from "./guarded-source.ts";
import type { MemberManifest, Membership } from "./membership.ts";
import type { ManifestShelf } from "./resolution.ts";

/** Digests remembered as stored; a bound for the memory of a repository that names very many. */
const MAX_SEEN = 10_000;

/** What a {@link ManifestIntake} works with. */
export interface ManifestIntakeOptions {
  readonly source: GuardedSource;
  readonly manifests: ManifestShelf;
  readonly membership: Membership;
  /** `registry/repository`, for messages. */
  readonly path: string;
  readonly now: () => number;
}

/** Makes sure of manifests. */
export class ManifestIntake {
  readonly #options: ManifestIntakeOptions;
  /** Manifests that were seen in the store since this object started. */
  readonly #seen = new Set<Digest>();
  readonly #running = new Map<Digest, Promise<MemberManifest>>();

  constructor(options: ManifestIntakeOptions) {
    this.#options = options;
  }

  /**
   * Makes sure that a manifest is stored and its members are recorded. Callers at the same time share one fetch.
   * A digest that this repository is not known to have is always asked of its upstream, even when another repository stored
   * the same bytes: having them is the proof that they belong here.
   *
   * @param options.lookAgain - ask the store even about a manifest seen there before.
   * @throws {RegistryError} what the upstream answered, or `invalid-manifest`.
   */
  async ensure(digest: Digest, options: { readonly lookAgain?: boolean } = {}): Promise<MemberManifest> {
    const running = this.#running.get(digest);
    if (running !== undefined) return running;
    const known = this.#options.membership.manifest(digest);
    if (known !== undefined && options.lookAgain !== true && this.#seen.has(digest)) return known;
    const taking = this.#take(digest, known).finally(() => this.#running.delete(digest));
    this.#running.set(digest, taking);
    return taking;
  }

  async #take(digest: Digest, known: MemberManifest | undefined): Promise<MemberManifest> {
    const { manifests } = this.#options;
    const taken = known !== undefined && (await manifests.has(digest)) ? known : await this.#fetch(digest);
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(digest);
    return taken;
  }

  async #fetch(digest: Digest): Promise<MemberManifest> {
    const { source, manifests, membership, path, now } = this.#options;
    const { bytes, mediaType, manifest } = checkedManifest(path, digest, await source.get(digest));
    // The store first: what the tables name must be there to serve.
    await manifests.put(digest, mediaType, bytes);
    return membership.record({ digest, mediaType, sizeBytes: bytes.byteLength }, manifest, now());
  }
}
