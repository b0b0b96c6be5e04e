/**
 * A repository that this service stores itself: what may be pushed into it and taken away, and the collection of what
 * nothing names any more.
 *
 * The tables of the repository are the truth about what it holds; each held blob is pinned at its own object before
 * anybody is told that it is there. `docs/decisions/0008-collecting-blobs.md` has the argument why a push under way never
 * loses a blob.
 */

import type { BlobOffer, Pin } from "../blob/blob-state.ts";
import { RegistryError } from "../errors.ts";
import { log, logFailure } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import { readPushed } from "../oci/pushed-manifest.ts";
import { KeyedTurns, Turns } from "../turns.ts";
import type { Database } from "./database.ts";
import type { OutgoingManifest } from "./destination.ts";
import { type DueHolding, GRACE_MS, Holdings } from "./holdings.ts";
import { LocalManifests } from "./local-manifests.ts";
import { type MemberManifest, Membership } from "./membership.ts";
import type { FoundBlob } from "./resolution.ts";

/** What one run of the collection looks at. */
const COLLECT_LIMIT = 200;
/** The pause before a collection goes on. */
const COLLECT_AGAIN_MS = 1000;

/** The Blob objects, as a repository uses them. */
export interface BlobKeeper {
  adopt(offer: BlobOffer, pin: Pin): Promise<{ readonly fillId: string }>;
  pin(digest: Digest, pin: Pin): Promise<boolean>;
  unpin(digest: Digest, pin: Pin): Promise<void>;
}

/** What a {@link LocalRepository} works with. */
export interface LocalRepositoryOptions {
  readonly database: Database;
  /** `registry/repository`. */
  readonly path: string;
  readonly blobs: BlobKeeper;
  /** Stores a manifest's bytes. */
  readonly store: (digest: Digest, mediaType: string, bytes: Uint8Array) => Promise<void>;
  /** Lists the repository among those that hold something, or takes it off the list. */
  readonly list: (listed: boolean) => Promise<void>;
  /** Asks for {@link LocalRepository.collect} at that time, unless that was asked for earlier already. */
  readonly wakeBy: (timeMs: number) => Promise<void>;
  readonly quotaBytes: number | undefined;
  /** How long past its time a link may be used, in milliseconds. */
  readonly linkResumeMs: number;
  readonly now: () => number;
}

/** One repository of the service's own. */
export class LocalRepository {
  readonly #options: LocalRepositoryOptions;
  readonly #holdings: Holdings;
  readonly #membership: Membership;
  /** For each blob: a hold and the end of one never overlap. */
  readonly #turns = new KeyedTurns();
  readonly #listing = new Turns();
  #listed: boolean | undefined;
  readonly manifests: LocalManifests;

  constructor(options: LocalRepositoryOptions) {
    const { database, path, linkResumeMs } = options;
    this.#options = options;
    this.#holdings = new Holdings(database, linkResumeMs);
    this.#membership = new Membership(database);
    this.manifests = new LocalManifests(database, this.#holdings, path);
  }

  /** Notes that something is being pushed: until a day after the last such note nothing is collected. @returns bytes that there is room for */
  beginPush(): number {
    const { database, quotaBytes, now } = this.#options;
    database.run("UPDATE repository SET pushed_ms = ?", now());
    return quotaBytes === undefined ? Infinity : Math.max(0, quotaBytes - this.#holdings.totalBytes());
  }

  /**
   * Takes an uploaded blob, whose digest was checked, and holds it.
   * @returns whose pieces the blob has
   * @throws {RegistryError} `quota-exceeded`
   */
  async takeBlob(offer: BlobOffer): Promise<{ readonly fillId: string }> {
    this.#requireRoom(offer);
    const { blobs } = this.#options;
    return this.#hold(offer, (pin) => blobs.adopt(offer, pin));
  }

  /**
   * Holds a blob that is in the store already.
   * @returns false where it is not
   * @throws {RegistryError} `quota-exceeded`
   */
  async holdBlob(digest: Digest, sizeBytes: number): Promise<boolean> {
    if (this.#holdings.get(digest) !== undefined) {
      this.#holdings.renew(digest, this.#options.now());
      return true;
    }
    this.#requireRoom({ digest, sizeBytes });
    const { blobs } = this.#options;
    return this.#hold({ digest, sizeBytes }, (pin) => blobs.pin(digest, pin));
  }

  /** A blob that manifests here name, or that is held for a push under way; `null` when it is neither. */
  blob(digest: Digest): FoundBlob | null {
    const named = this.#membership.blob(digest);
    if (named !== null) return named;
    const holding = this.#holdings.get(digest);
    if (holding === undefined) return null;
    this.#holdings.renew(digest, this.#options.now());
    return {
      sizeBytes: holding.sizeBytes,
      mediaType: "application/octet-stream",
      lastModifiedMs: Math.floor(holding.heldMs / 1000) * 1000,
    };
  }

  /**
   * Keeps a manifest, byte for byte, and lets a tag name it.
   * @throws {RegistryError} `manifest-blob-unknown`, `unusable-manifest`; `precondition-failed` where the tag moved
   */
  async putManifest(pushed: OutgoingManifest): Promise<MemberManifest> {
    const { digest, bytes } = pushed;
    const manifest = readPushed(bytes, pushed.mediaType);
    const { mediaType } = manifest;
    const { store, now } = this.#options;
    this.manifests.requireNamed(manifest);
    // The store first: what the tables name must be there to serve.
    await store(digest, mediaType, bytes);
    await this.#list(true);
    return this.manifests.record({ ...pushed, mediaType, sizeBytes: bytes.length, manifest }, now());
  }

  /**
   * Takes a tag away; see {@link LocalManifests.removeTag}.
   * @throws {RegistryError} `image-unknown`
   */
  async deleteTag(tag: string): Promise<void> {
    const { now, wakeBy } = this.#options;
    this.manifests.removeTag(tag, now());
    await wakeBy(now() + GRACE_MS);
  }

  /**
   * Takes a manifest away; see {@link LocalManifests.remove}.
   * @throws {RegistryError} `image-unknown`
   */
  async deleteManifest(digest: Digest): Promise<void> {
    const { now, wakeBy } = this.#options;
    this.manifests.remove(digest, now());
    await wakeBy(now() + GRACE_MS);
    await this.#list(this.manifests.any());
  }

  /**
   * Takes a blob away that nothing names.
   * @throws {RegistryError} `blob-unknown`; `unsupported` where something names it
   */
  async deleteBlob(digest: Digest): Promise<void> {
    const { path, now } = this.#options;
    const due = this.#holdings.release(digest, now());
    if (due === undefined) {
      throw new RegistryError("blob-unknown", `Cannot delete blob "${path}@${digest}": it is not there`);
    }
    if (due === false) {
      throw new RegistryError(
        "unsupported",
        `Cannot delete blob "${path}@${digest}": a manifest or a link names it; delete that first`,
      );
    }
    await this.#release(due);
  }

  /** The alarm: takes away what nothing names, a day after that began and a day after the last push. */
  async collect(): Promise<void> {
    const { database, now, path, wakeBy } = this.#options;
    const nowMs = now();
    const [row] = database.rows<{ pushed_ms: number }>("SELECT pushed_ms FROM repository");
    const pushedMs = row?.pushed_ms ?? 0;
    if (nowMs < pushedMs + GRACE_MS) {
      if (this.#nextMs(nowMs) !== undefined) await wakeBy(pushedMs + GRACE_MS);
      return;
    }
    const beforeMs = nowMs - GRACE_MS;
    const abandoned = this.manifests.abandonedBefore(beforeMs, COLLECT_LIMIT);
    for (const digest of abandoned) this.manifests.remove(digest, nowMs);
    if (abandoned.length > 0) await this.#list(this.manifests.any());
    const due = this.#holdings.releaseBefore(beforeMs, nowMs, COLLECT_LIMIT);
    let released = 0;
    for (const holding of due) {
      try {
        await this.#release(holding);
        released++;
      } catch (error) {
        // It is taken up again: a holding that is being released stays due. The others need not wait for it.
        logFailure({ event: "collection-interrupted", repository: path, digest: holding.digest }, error);
      }
    }
    if (abandoned.length + released > 0) {
      log({ event: "collected", repository: path, manifests: abandoned.length, blobs: released });
    }
    const nextMs = this.#nextMs(nowMs);
    if (nextMs !== undefined) await wakeBy(nextMs);
  }

  /** Announced, pinned, confirmed: in this order, so that what counts as held is pinned at all times. */
  #hold<T>(
    { digest, sizeBytes }: Pick<BlobOffer, "digest" | "sizeBytes">,
    pinWith: (pin: Pin) => Promise<T>,
  ): Promise<T> {
    const { path, now, wakeBy } = this.#options;
    return this.#turns.take(digest, async () => {
      await wakeBy(now() + GRACE_MS);
      const generation = this.#holdings.announce(digest, sizeBytes, now());
      const pinned = await pinWith({ repository: path, generation });
      if (pinned === false) this.#holdings.withdraw(digest, generation);
      else this.#holdings.confirm(digest, generation);
      return pinned;
    });
  }

  #release({ digest, generation }: DueHolding): Promise<void> {
    return this.#turns.take(digest, async () => {
      await this.#options.blobs.unpin(digest, { repository: this.#options.path, generation });
      this.#holdings.withdraw(digest, generation);
    });
  }

  #requireRoom({ digest, sizeBytes }: Pick<BlobOffer, "digest" | "sizeBytes">): void {
    const { path, quotaBytes } = this.#options;
    if (quotaBytes === undefined || this.#holdings.get(digest) !== undefined) return;
    const total = this.#holdings.totalBytes();
    if (total + sizeBytes <= quotaBytes) return;
    throw new RegistryError(
      "quota-exceeded",
      `Cannot store ${sizeBytes} bytes in "${path}": it holds ${total} of the ${quotaBytes} bytes that it may; delete what is not needed`,
    );
  }

  /** When there may be something to collect; `undefined` for never, as things are. */
  #nextMs(nowMs: number): number | undefined {
    const { oldestMs, linkedUntilMs } = this.#holdings.nextMs(nowMs);
    const abandonedMs = this.manifests.oldestAbandonedMs() ?? null;
    const times = [oldestMs, abandonedMs].flatMap((time) => (time === null ? [] : [time + GRACE_MS]));
    if (linkedUntilMs !== null) times.push(linkedUntilMs);
    return times.length === 0 ? undefined : Math.max(Math.min(...times), nowMs + COLLECT_AGAIN_MS);
  }

  #list(listed: boolean): Promise<void> {
    return this.#listing.take(async () => {
      // Looked up again in its turn: another manifest may have come or gone.
      const wanted = listed || this.manifests.any();
      if (wanted === this.#listed) return;
      await this.#options.list(wanted);
      this.#listed = wanted;
    });
  }
}
