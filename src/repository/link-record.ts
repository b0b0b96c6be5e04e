/** What is told of a signed link: when it is made, listed and opened. */

import type { Digest } from "../oci/digest.ts";

/** A link to be made. Times are in milliseconds since 1970. */
export interface NewLink {
  /** Unguessable, and never used before. */
  readonly id: string;
  readonly digest: Digest;
  readonly filename: string;
  /** The name of the access token that made it. */
  readonly createdBy: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** @default unlimited */
  readonly maxDownloads?: number | undefined;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly lastModifiedMs: number;
}

/** A link as it is listed. */
export interface LinkRecord {
  readonly id: string;
  readonly digest: Digest;
  readonly filename: string;
  readonly createdBy: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly revoked: boolean;
  /** `null`: unlimited. */
  readonly maxDownloads: number | null;
  /** Downloads that started so far. */
  readonly downloads: number;
}

/** The blob behind a link. */
export interface OpenedLink {
  readonly digest: Digest;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly lastModifiedMs: number;
  readonly expiresMs: number;
}

/**
 * What is done with a link: `look` at what it is for, without starting a download; `check` whether one may be started;
 * `start` one, which counts.
 */
export type LinkUse = "look" | "check" | "start";
