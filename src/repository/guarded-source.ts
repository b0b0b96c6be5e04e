/** Asking the upstream for what one repository has, without asking again what it has just refused. */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { FetchedManifest, ManifestHead } from "../upstream/registry-client.ts";
import type { ManifestSource } from "./resolution.ts";

/** A "no such image" or "denied" is repeated for so long: a herd that asks for a mistyped tag costs one call in this time. */
export const REFUSAL_MS = 10_000;
/** So long the upstream is left alone when it limits requests without saying for how long. */
const DEFAULT_HOLD_MS = 10_000;
/** A `Retry-After` is honoured up to here: beyond it a mistake is likelier than a wish. */
export const MAX_HOLD_MS = 3_600_000;
/** What tells refusals of blobs from those of manifests; no tag or digest begins so. */
const BLOB_KEY = "blob ";
/** Refusals kept at once; the oldest goes first. */
const MAX_REFUSALS = 1_000;

/** What a {@link GuardedSource} works with. */
export interface GuardedSourceOptions {
  readonly source: ManifestSource;
  /** The repository's name on the upstream. */
  readonly repository: string;
  /** Called when the upstream says that the repository may not be read. */
  readonly onDenied: () => void;
  readonly now: () => number;
}

interface Refusal {
  readonly error: RegistryError;
  readonly untilMs: number;
}

/** Whether an error means that the upstream has no such thing. */
export function isMissing(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError &&
    (error.code === "image-unknown" || error.code === "repository-unknown" || error.code === "blob-unknown")
  );
}

/**
 * Whether an error means that the upstream gave no usable answer, rather than one that we do not like: unreachable, silent,
 * limiting requests, or sending bytes that are no manifest or not the announced one (502, 503 and 504 towards our clients).
 */
export function isOutage(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status >= 502 && error.status <= 504;
}

/** How long an error asks not to be repeated, in milliseconds; 0 when it does not say. */
export function requestedPauseMs(error: RegistryError): number {
  return Math.min(Math.max(error.retryAfterSeconds ?? 0, 0) * 1000, MAX_HOLD_MS);
}

/** What the upstream has in one repository. Refusals live in memory: they are worth seconds. */
export class GuardedSource {
  readonly #options: GuardedSourceOptions;
  readonly #refusals = new Map<string, Refusal>();
  #hold: Refusal | undefined;
  /** Counts what was forgiven: a refusal that was on its way meanwhile may be one from before. */
  #forgiven = 0;

  constructor(options: GuardedSourceOptions) {
    this.#options = options;
  }

  /**
   * What a tag names now.
   * @throws {RegistryError} the upstream's failure, or one of the last seconds again.
   */
  head(tag: string): Promise<ManifestHead> {
    const { source, repository } = this.#options;
    return this.#ask(tag, () => source.headManifest(repository, tag));
  }

  /**
   * A manifest's checked bytes, by digest or tag.
   * @throws {RegistryError} the upstream's failure, or one of the last seconds again.
   */
  get(reference: string): Promise<FetchedManifest> {
    const { source, repository } = this.#options;
    return this.#ask(reference, () => source.getManifest(repository, reference));
  }

  /**
   * The size of a blob, in bytes.
   * @throws {RegistryError} the upstream's failure, or one of the last seconds again.
   */
  headBlob(digest: Digest): Promise<{ sizeBytes: number }> {
    const { source, repository } = this.#options;
    return this.#ask(BLOB_KEY + digest, () => source.headBlob(repository, digest));
  }

  /** Asks again at the next occasion: what was refused may be there by now. */
  forgive(reference: string): void {
    this.#forgiven++;
    this.#refusals.delete(reference);
    this.#refusals.delete(BLOB_KEY + reference);
  }

  async #ask<T>(key: string, call: () => Promise<T>): Promise<T> {
    this.#throwIfRefused(key);
    const forgiven = this.#forgiven;
    try {
      return await call();
    } catch (error) {
      if (error instanceof RegistryError && (forgiven === this.#forgiven || !isMissing(error))) {
        this.#remember(key, error);
      }
      throw error;
    }
  }

  #throwIfRefused(key: string): void {
    const nowMs = this.#options.now();
    for (const refusal of [this.#hold, this.#refusals.get(key)]) {
      if (refusal === undefined || nowMs >= refusal.untilMs) continue;
      const { error, untilMs } = refusal;
      throw new RegistryError(error.code, error.message, {
        cause: error,
        retryAfterSeconds:
          error.code === "upstream-rate-limited"
            ? Math.ceil((untilMs - nowMs) / 1000)
            : error.retryAfterSeconds,
      });
    }
  }

  #remember(key: string, error: RegistryError): void {
    const nowMs = this.#options.now();
    if (error.code === "upstream-rate-limited") {
      // The limit counts requests of any kind, so it holds for the whole repository.
      this.#hold = { error, untilMs: nowMs + (requestedPauseMs(error) || DEFAULT_HOLD_MS) };
      return;
    }
    if (error.code === "upstream-denied") {
      // Of a blob it is no word on the repository: some upstreams answer so to any digest that they do not have.
      if (!key.startsWith(BLOB_KEY)) this.#options.onDenied();
    } else if (!isMissing(error)) return;
    this.#refusals.delete(key);
    this.#refusals.set(key, { error, untilMs: nowMs + REFUSAL_MS });
    const oldest = this.#refusals.keys().next();
    if (this.#refusals.size > MAX_REFUSALS && oldest.done !== true) this.#refusals.delete(oldest.value);
  }
}
