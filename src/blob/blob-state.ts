/** What the Blob object tells others: plain data, for RPC. */

import type { Digest } from "../oci/digest.ts";
import type { ErrorRecord } from "../outcome.ts";
import type { Layout } from "../store/layout.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";

/** Where a blob can be fetched from. */
export interface BlobSource {
  readonly registry: string;
  readonly repository: string;
  /** Lent by the request at hand instead of the service's own: kept in memory while the fill runs, never stored. */
  readonly credentials?: UpstreamCredentials | undefined;
}

/** A wish to read a blob, or to have it in the cache. */
export interface OpenRequest {
  readonly digest: Digest;
  /** The size that a manifest gives for it, in bytes. */
  readonly sizeBytes: number;
  readonly source: BlobSource;
  /** The offset that reading begins at: a fill that is begun for it has its small pieces there. @default 0 */
  readonly startBytes?: number;
}

/** A blob's life: nothing, being fetched, verified and served from the cache, or given up. */
export type BlobState = "absent" | "filling" | "committed" | "failed";

/** What a reader needs to find the bytes. */
export interface BlobView {
  readonly state: "filling" | "committed";
  readonly sizeBytes: number;
  readonly fillId: string;
  readonly layout: Layout;
  /** Whether the fill ran already when this caller came. */
  readonly joined: boolean;
}

/** How far a blob is, for people and programs. */
export interface BlobStatus {
  readonly state: BlobState;
  readonly sizeBytes: number | undefined;
  /** Bytes in stored pieces. */
  readonly storedBytes: number;
  /** Rate of the fill that runs, since it started or was resumed; 0 when none runs. */
  readonly bytesPerSecond: number;
  readonly startedAtMs: number | undefined;
  readonly committedAtMs: number | undefined;
  /** Why the last fill failed. */
  readonly failure: ErrorRecord | undefined;
}

/** What a look at a blob by its own object came to. */
export type ScrubOutcome =
  | { readonly kind: "intact"; readonly bytes: number }
  /** Not committed, or changed while it was read. */
  | { readonly kind: "skipped" }
  | {
      readonly kind: "missing" | "altered";
      readonly bytes: number;
      /** Whether it is being fetched again. */
      readonly refilling: boolean;
      /** Whether a repository of the service's own holds it: then only who pushes it again mends it. */
      readonly held: boolean;
    };

/**
 * Which pieces of a fill can be read: all before `readableEnd`, counted from the piece that was asked for; or that the
 * fill gave way to bytes that were uploaded, under another name.
 */
export type PieceWait =
  { readonly readableEnd: number; readonly committed: boolean } | { readonly replaced: true };

/** A blob that was uploaded and whose whole digest was checked. */
export interface BlobOffer {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Names the pieces. */
  readonly fillId: string;
  readonly layout: Layout;
}

/** A repository's hold on a blob. */
export interface Pin {
  /** `registry/repository`. */
  readonly repository: string;
  /** Larger with each hold that the repository takes, on whatever blob. */
  readonly generation: number;
}
