/** Bringing manifests into the store: each once, and only checked ones. */

import type { Digest } from "../oci/digest.ts";
import type { FetchedManifest } from "../upstream/registry-client.ts";
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

/** How to make sure of a manifest. */
interface EnsureOptions {
  readonly lookAgain?: boolean;
  readonly offered?: FetchedManifest | undefined;
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
   * @param options.offered - the manifest, where it came with the upstream's answer already.
   * @throws {RegistryError} what the upstream answered, or `invalid-manifest`.
   */
  async ensure(digest: Digest, options: EnsureOptions = {}): Promise<MemberManifest> {
    const running = this.#running.get(digest);
    if (running !== undefined) return running;
    const known = this.#options.membership.manifest(digest);
    if (known !== undefined && options.lookAgain !== true && this.#seen.has(digest)) return known;
    const taking = this.#take(digest, known, options.offered).finally(() => {
      if (this.#running.get(digest) === taking) this.#running.delete(digest);
    });
    this.#running.set(digest, taking);
    return taking;
  }

  /** The manifest was pushed: whoever asks from now on shares no fetch that began before. */
  expect(digest: Digest): void {
    this.#running.delete(digest);
  }

  async #take(
    digest: Digest,
    known: MemberManifest | undefined,
    offered: FetchedManifest | undefined,
  ): Promise<MemberManifest> {
    const { manifests, source } = this.#options;
    const taken =
      known !== undefined && (await manifests.has(digest))
        ? known
        : await this.#store(digest, offered ?? (await source.get(digest)));
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(digest);
    return taken;
  }

  async #store(digest: Digest, fetched: FetchedManifest): Promise<MemberManifest> {
    const { manifests, membership, path, now } = this.#options;
    const { bytes, mediaType, manifest } = checkedManifest(path, digest, fetched);
    // The store first: what the tables name must be there to serve.
    await manifests.put(digest, mediaType, bytes);
    return membership.record({ digest, mediaType, sizeBytes: bytes.byteLength }, manifest, now());
  }
}
