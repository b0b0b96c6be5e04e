/** What an upload's object remembers, and what it tells. */

import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Layout } from "../store/layout.ts";

/** An upload session whose bytes are kept here. */
export interface UploadRecord {
  readonly id: string;
  /** `registry/repository`: the session is known under no other. */
  readonly path: string;
  /** `committing` from the moment that it was asked for: no more bytes are taken. `done`: the blob is there. */
  readonly state: "open" | "committing" | "done";
  /** The pieces that are stored. */
  readonly layout: Layout;
  /** Counts the writers; one that a later one has replaced is refused. */
  readonly writer: number;
  /** Whether that writer has not said that it ended: pieces of it may still be on their way to the store. */
  readonly writing: boolean;
  /** What the blob is hashed with as it comes; asked for another, it is hashed once more. */
  readonly algorithm: DigestAlgorithm;
  /** Bytes that the repository had room for at the start. */
  readonly roomBytes: number;
  /** The blob's digest, once that was told. */
  readonly digest?: Digest;
  /** Nothing has to be kept from then on, in milliseconds since 1970. */
  readonly expiresMs: number;
  /** When the repository was last told that something is pushed into it. */
  readonly toldMs: number;
}

/** Leave to write at the end of an upload. */
export interface WriteTurn {
  readonly writer: number;
  /** Where the upload ends now. */
  readonly offsetBytes: number;
  /** The index of the next piece. */
  readonly nextIndex: number;
  /** How many bytes more may come. */
  readonly roomBytes: number;
}

/** A blob that an upload has become. */
export interface FinishedUpload {
  readonly digest: Digest;
  readonly sizeBytes: number;
}
