/** Resolving references of a repository that an upstream registry has. */

import type { ErrorCode } from "../errors.ts";
import { log } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import type { FetchedManifest } from "../upstream/registry-client.ts";
import type { Database } from "./database.ts";
import { BlobIntake } from "./blob-intake.ts";
import { GuardedSource, isMissing, isOutage, requestedPauseMs } from "./guarded-source.ts";
import { refusedLookup } from "./lookups.ts";
import { ManifestIntake } from "./manifest-intake.ts";
import { type MemberManifest, Membership } from "./membership.ts";
import {
  type FoundBlob,
  type LookupOptions,
  type ManifestShelf,
  type ManifestSource,
  type ResolvedManifest,
  type ResolveOptions,
  type Resolver,
  type Wanted,
  referenceOf,
} from "./resolution.ts";
import { settledWithin } from "./settled-within.ts";
import { Tags } from "./tags.ts";

/** What an {@link UpstreamResolver} works with; times in milliseconds. */
export interface UpstreamResolverOptions {
  readonly database: Database;
  readonly source: ManifestSource;
  readonly manifests: ManifestShelf;
  /** `registry/repository`. */
  readonly path: string;
  /** The repository's name on the upstream. */
  readonly repository: string;
  /** How long a tag is believed. */
  readonly tagTtlMs: number;
  /** How long past that it is served when the upstream cannot answer. */
  readonly staleIfErrorMs: number;
  /** How long a request that could have a stale answer waits for the upstream. */
  readonly upstreamBudgetMs: number;
  /** Keeps this object alive until a promise, which never rejects, settles. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly now: () => number;
}

/** One look at the upstream on behalf of all who ask for the tag meanwhile. */
interface Check {
  readonly startedMs: number;
  readonly answer: Promise<ResolvedManifest>;
}

/**
 * Believes a tag for a time, then asks the upstream once, however many wait. When the upstream gives no usable answer, or not
 * in time, the previous one is served and marked stale, and the upstream is left alone for one such time.
 */
export class UpstreamResolver implements Resolver {
  readonly #options: UpstreamResolverOptions;
  readonly #tags: Tags;
  readonly #membership: Membership;
  readonly #source: GuardedSource;
  readonly #intake: ManifestIntake;
  readonly #blobs: BlobIntake;
  readonly #checks = new Map<string, Check>();
  /** Counts what was pushed and deleted: an answer that was on its way meanwhile may be one from before. */
  #changes = 0;

  constructor(options: UpstreamResolverOptions) {
    const { database, source, repository, now } = options;
    this.#options = options;
    this.#tags = new Tags(database);
    this.#membership = new Membership(database);
    this.#source = new GuardedSource({ source, repository, now, onDenied: () => this.#forget() });
    this.#intake = new ManifestIntake({ ...options, source: this.#source, membership: this.#membership });
    this.#blobs = new BlobIntake({ ...options, source: this.#source, membership: this.#membership });
  }

  async resolve(wanted: Wanted, options: ResolveOptions = {}): Promise<ResolvedManifest> {
    if (options.knownOnly === true && !this.#knows(wanted)) throw refusedLookup();
    const lookAgain = options.confirmStored === true;
    if ("digest" in wanted) {
      const manifest = await this.#intake.ensure(wanted.digest, { lookAgain });
      // Content cannot change under its digest, so there is nothing to check again.
      return { ...manifest, freshness: "fresh", checkedAtMs: manifest.firstNamedMs };
    }
    const answer = await this.#resolveTag(wanted.tag);
    if (lookAgain) await this.#intake.ensure(answer.digest, { lookAgain });
    return answer;
  }

  async blob(digest: Digest, options: LookupOptions = {}): Promise<FoundBlob | null> {
    if (options.knownOnly === true && this.#membership.blob(digest) === null) {
      throw refusedLookup();
    }
    return this.#blobs.find(digest);
  }

  /** Something was pushed under this tag or digest, a blob's too: whatever was known of it before does not count. */
  expect(wanted: Wanted): void {
    this.#noteChange(wanted);
    if ("tag" in wanted) {
      this.#tags.remove(wanted.tag);
    } else {
      this.#intake.expect(wanted.digest);
      this.#blobs.expect(wanted.digest);
    }
    this.#source.forgive(referenceOf(wanted));
  }

  /** What was under this tag or digest was deleted. */
  forgetDeleted(wanted: Wanted): void {
    this.#noteChange(wanted);
    if ("tag" in wanted) {
      this.#tags.remove(wanted.tag);
    } else {
      this.#tags.removeAllOf(wanted.digest);
      this.#membership.forgetManifest(wanted.digest);
    }
  }

  /** The upstream was found not to have these manifests and blobs, or was told to delete them. */
  forgetMembers(digests: readonly Digest[]): void {
    for (const digest of digests) {
      this.#intake.expect(digest);
      this.#blobs.expect(digest);
      this.#membership.forgetMember(digest);
    }
  }

  #knows(wanted: Wanted): boolean {
    return "tag" in wanted
      ? this.#tags.get(wanted.tag) !== undefined
      : this.#membership.manifest(wanted.digest) !== undefined;
  }

  /** Whoever asks from now on joins no check that began before; a manifest's deletion takes its tags along. */
  #noteChange(wanted: Wanted): void {
    this.#changes++;
    if ("tag" in wanted) this.#checks.delete(wanted.tag);
    else this.#checks.clear();
  }

  async #resolveTag(tag: string): Promise<ResolvedManifest> {
    const nowMs = this.#options.now();
    const known = this.#tags.get(tag);
    const manifest = known && this.#membership.manifest(known.digest);
    if (known !== undefined && manifest !== undefined && known.failure === undefined) {
      if (nowMs - known.checkedMs < this.#options.tagTtlMs) return fresh(manifest, known.checkedMs);
    }
    const stale = this.#stale(tag, "upstream-unavailable");
    if (stale !== undefined && known?.failure !== undefined && nowMs < known.retryMs) return stale;

    const check = this.#check(tag);
    if (stale === undefined) return check.answer;
    // Counted from the start of the check: who joins a slow one late need not wait the whole budget again.
    const remainingMs = check.startedMs + this.#options.upstreamBudgetMs - nowMs;
    const settled = await settledWithin(check.answer, remainingMs);
    if (settled?.status === "fulfilled") return settled.value;
    if (settled !== undefined && !isOutage(settled.reason)) throw settled.reason;
    // Read once more: meanwhile the upstream may have denied the repository.
    const reason = isOutage(settled?.reason) ? settled.reason.code : "upstream-timeout";
    return this.#stale(tag, reason) ?? check.answer;
  }

  /** The previous answer, where it may still be served. */
  #stale(tag: string, reason: ErrorCode): ResolvedManifest | undefined {
    const known = this.#tags.get(tag);
    const manifest = known && this.#membership.manifest(known.digest);
    if (known === undefined || manifest === undefined) return undefined;
    const staleSinceMs = known.checkedMs + this.#options.tagTtlMs;
    if (this.#options.now() >= staleSinceMs + this.#options.staleIfErrorMs) return undefined;
    return {
      ...manifest,
      freshness: "stale",
      checkedAtMs: known.checkedMs,
      staleSinceMs,
      staleReason: known.failure ?? reason,
    };
  }

  /** Starts a check of a tag, or joins the one that runs. No `await` before it is noted: the herd arrives in between. */
  #check(tag: string): Check {
    const running = this.#checks.get(tag);
    if (running !== undefined) return running;
    const answer = this.#ask(tag).finally(() => {
      if (this.#checks.get(tag) === check) this.#checks.delete(tag);
    });
    const check: Check = { startedMs: this.#options.now(), answer };
    this.#checks.set(tag, check);
    // It goes on, and nobody may be listening when it fails, once all who wait have got a stale answer.
    this.#options.keepAlive(answer.catch(() => undefined));
    return check;
  }

  async #ask(tag: string): Promise<ResolvedManifest> {
    const changes = this.#changes;
    try {
      const { digest, fetched } = await this.#look(tag);
      const manifest = await this.#intake.ensure(digest, { offered: fetched });
      const nowMs = this.#options.now();
      if (changes === this.#changes) this.#tags.confirm(tag, digest, nowMs);
      return fresh(manifest, nowMs);
    } catch (error) {
      if (isMissing(error) && changes === this.#changes) this.#tags.remove(tag);
      if (isOutage(error)) {
        // At most one attempt in the time that a tag is believed: a dead upstream costs one timeout, not one a request.
        const pauseMs = Math.max(this.#options.tagTtlMs, requestedPauseMs(error));
        log({ event: "tag-check-failed", repository: this.#options.path, tag, code: error.code });
        this.#tags.postpone(tag, error.code, this.#options.now() + pauseMs);
      }
      throw error;
    }
  }

  /** A tag that was never seen is fetched, its manifest being needed in any case; a known one costs a HEAD. */
  async #look(tag: string): Promise<{ digest: Digest; fetched?: FetchedManifest | undefined }> {
    if (this.#tags.get(tag) !== undefined) return this.#source.head(tag);
    const fetched = await this.#source.get(tag);
    return { digest: fetched.digest, fetched };
  }

  /** A denial is an answer: whatever was learnt with rights that are gone must not be served on. */
  #forget(): void {
    this.#tags.clear();
    this.#membership.forget();
  }
}

function fresh(manifest: MemberManifest, checkedAtMs: number): ResolvedManifest {
  return { ...manifest, freshness: "fresh", checkedAtMs };
}
