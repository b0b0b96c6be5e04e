/** What a reference resolves to, whoever resolves it. */

import { type ErrorCode, RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { ManifestStore } from "../store/manifest-store.ts";
import type { RegistryClient } from "../upstream/registry-client.ts";
import type { MemberBlob } from "./membership.ts";

/** What to look up in a repository. */
export type Wanted = { readonly tag: string } | { readonly digest: Digest };

/** How to look something up. */
export interface LookupOptions {
  /**
   * No upstream is asked for what was never seen here; the answer is `rate-limited` then.
   * @default false
   */
  readonly knownOnly?: boolean;
}

/** How to look a manifest up. */
export interface ResolveOptions extends LookupOptions {
  /**
   * The caller found no bytes in the store for what this resolved to before: look there again, and fetch what is missing.
   * @default false
   */
  readonly confirmStored?: boolean;
}

/** A manifest that is stored and checked, and whose members are known. */
export interface ResolvedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** When the repository first named it. */
  readonly firstNamedMs: number;
  readonly freshness: "fresh" | "stale";
  /** When it was last known to be what was asked for. */
  readonly checkedAtMs: number;
  /**
   * `Last-Modified` of blobs that it names, by digest, in milliseconds since 1970, as far as the repository tells of them
   * unasked: so that a download is one question and not two.
   */
  readonly blobTimes?: Readonly<Record<string, number>>;
  /** For a stale answer: since when it ought to have been checked again. */
  readonly staleSinceMs?: number;
  /** For a stale answer: why it could not be. */
  readonly staleReason?: ErrorCode;
}

/** What is known of a blob of a repository; no more than its size where no manifest at hand names it. */
export type FoundBlob = Pick<MemberBlob, "sizeBytes" | "mediaType"> & Partial<MemberBlob>;

/** Looks references up in one repository. */
export interface Resolver {
  /**
   * Finds the manifest that a tag or digest names.
   * @throws {RegistryError} `image-unknown`, `upstream-denied`, or why the upstream could not answer.
   */
  resolve(wanted: Wanted, options?: ResolveOptions): Promise<ResolvedManifest>;
  /**
   * Finds a blob of the repository; `null` for any other digest, whoever else has it.
   * @throws {RegistryError} `upstream-denied`, or why the upstream could not answer.
   */
  blob(digest: Digest, options?: LookupOptions): Promise<FoundBlob | null>;
}

/** Where manifests come from, and what is known of blobs: the upstream registry. */
export type ManifestSource = Pick<RegistryClient, "headManifest" | "getManifest" | "headBlob">;

/** Where manifests are kept. */
export type ManifestShelf = Pick<ManifestStore, "has" | "put">;

/** A digest, or a tag, as a registry's API takes it. */
export function referenceOf(wanted: Wanted): string {
  return "tag" in wanted ? wanted.tag : wanted.digest;
}

/** The error for an image that a repository lacks; `path` is `registry/repository`. */
export function unknownImage(path: string, wanted: Wanted): RegistryError {
  const separator = "tag" in wanted ? ":" : "@";
  return new RegistryError(
    "image-unknown",
    `Cannot find "${path}${separator}${referenceOf(wanted)}": this repository has no such image; /v1/tags/${path} lists what it has`,
  );
}
