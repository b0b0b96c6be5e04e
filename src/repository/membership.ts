/**
 * Which manifests and blobs belong to one repository. A digest is not a capability: bytes that many repositories share
 * are served under this one only when a manifest that was fetched from it names them.
 *
 * An index grants nothing of what it names. Its children are manifests, which the upstream is asked for one by one, and
 * registries take an index without asking whether they exist: naming another's digest must not be enough to be given it.
 */

import { type Digest, isDigest } from "../oci/digest.ts";
import { type Descriptor, type Manifest, provenBlobs } from "../oci/manifest.ts";
import { isMediaType } from "../oci/media-types.ts";
import type { Database } from "./database.ts";
import { lastModified } from "./last-modified.ts";

/** OCI image specification 1.1, annotations.md. */
const TITLE = "org.opencontainers.image.title";
/** What a blob is called that nothing tells more of. */
const UNKNOWN_TYPE = "application/octet-stream";
/** Longer names are no file names; SQLite takes no row above 2 MB. */
const MAX_TITLE_CHARACTERS = 1024;
/** A SIF image has two blobs; an answer that tells of all layers of any image would be long. */
const MAX_TIMES = 8;

/** A manifest that was fetched from this repository, checked and stored. */
export interface MemberManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** When this repository first named it. */
  readonly firstNamedMs: number;
}

/** A blob that a manifest of this repository names, or that its upstream showed in it. */
export interface MemberBlob {
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** The same for one digest at all times. */
  readonly lastModifiedMs: number;
  /** The manifest that names it, where one known here does. */
  readonly manifestDigest?: Digest;
  /** The file name it was published under, as its manifest has it: not yet safe to use. */
  readonly title?: string;
}

interface BlobRow extends Record<string, string | number | null> {
  size_bytes: number;
  media_type: string;
  last_modified_ms: number;
  manifest_digest: string;
  title: string | null;
}

/** The tables of manifests and blobs. */
export class Membership {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A manifest of this repository; `undefined` when it is not known to be one. */
  manifest(digest: Digest): MemberManifest | undefined {
    const [row] = this.#database.rows<{ media_type: string; size_bytes: number; first_named_ms: number }>(
      "SELECT media_type, size_bytes, first_named_ms FROM manifests WHERE digest = ? AND readable = 1",
      digest,
    );
    if (row === undefined) return undefined;
    return { digest, mediaType: row.media_type, sizeBytes: row.size_bytes, firstNamedMs: row.first_named_ms };
  }

  /** A blob of this repository; `null` when it is not known to be one. */
  blob(digest: Digest): MemberBlob | null {
    const [row] = this.#database.rows<BlobRow>(
      `SELECT size_bytes, media_type, last_modified_ms, manifest_digest, title FROM blobs WHERE digest = ? AND readable = 1`,
      digest,
    );
    if (row === undefined) return null;
    return {
      sizeBytes: row.size_bytes,
      mediaType: row.media_type,
      lastModifiedMs: row.last_modified_ms,
      ...(isDigest(row.manifest_digest) ? { manifestDigest: row.manifest_digest } : {}),
      ...(row.title === null ? {} : { title: row.title }),
    };
  }

  /**
   * The times of blobs that a manifest names, by digest, in milliseconds since 1970. Not of all: a blob that another
   * manifest has named since is that one's, and of many only some are told.
   */
  timesOf(manifestDigest: Digest): Record<string, number> {
    const rows = this.#database.rows<{ digest: string; last_modified_ms: number }>(
      "SELECT digest, last_modified_ms FROM blobs WHERE manifest_digest = ? AND readable = 1 LIMIT ?",
      manifestDigest,
      MAX_TIMES,
    );
    return Object.fromEntries(rows.map(({ digest, last_modified_ms }) => [digest, last_modified_ms]));
  }

  /** Keeps a checked and stored manifest and the blobs that it names. */
  record(found: Omit<MemberManifest, "firstNamedMs">, manifest: Manifest, nowMs: number): MemberManifest {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO manifests (digest, media_type, size_bytes, first_named_ms, readable) VALUES (?, ?, ?, ?, 1)
         ON CONFLICT (digest) DO UPDATE SET media_type = excluded.media_type, size_bytes = excluded.size_bytes, readable = 1`,
        found.digest,
        found.mediaType,
        found.sizeBytes,
        nowMs,
      );
      for (const named of provenBlobs(manifest)) {
        this.#recordNamed(
          found.digest,
          named,
          lastModified([named.annotations, manifest.annotations], nowMs),
        );
      }
    });
    return this.manifest(found.digest) ?? { ...found, firstNamedMs: nowMs };
  }

  /** Keeps a blob that the upstream has in this very repository, although no manifest known here names it. */
  recordBlob(digest: Digest, sizeBytes: number, nowMs: number): void {
    this.#database.run(
      `INSERT INTO blobs (digest, media_type, size_bytes, last_modified_ms, manifest_digest, readable)
       VALUES (?, ?, ?, ?, '', 1)
       ON CONFLICT (digest) DO UPDATE SET size_bytes = excluded.size_bytes, readable = 1`,
      digest,
      UNKNOWN_TYPE,
      sizeBytes,
      lastModified([], nowMs),
    );
  }

  /** Forgets one manifest; the blobs that it was the last known one to name may not be read any more either. */
  forgetManifest(digest: Digest): void {
    this.#database.transaction(() => {
      this.#database.run("UPDATE manifests SET readable = 0 WHERE digest = ?", digest);
      this.#database.run("UPDATE blobs SET readable = 0 WHERE manifest_digest = ?", digest);
    });
  }

  /** Forgets what is known of one digest, be it a manifest or a blob: its registry is asked for it again. */
  forgetMember(digest: Digest): void {
    this.forgetManifest(digest);
    this.#database.run("UPDATE blobs SET readable = 0 WHERE digest = ?", digest);
  }

  /** Forgets that anything here may be read; the times of each digest stay, for the day that it may be again. */
  forget(): void {
    const readable =
      "SELECT 1 AS one FROM manifests WHERE readable = 1 UNION ALL SELECT 1 FROM blobs WHERE readable = 1 LIMIT 1";
    if (this.#database.rows(readable).length === 0) return;
    this.#database.transaction(() => {
      this.#database.run("UPDATE manifests SET readable = 0");
      this.#database.run("UPDATE blobs SET readable = 0");
    });
  }

  /** The latest manifest's word on size and type holds, so that a corrected one heals what a wrong one said. */
  #recordNamed(manifestDigest: Digest, named: Descriptor, lastModifiedMs: number): void {
    if (!isDigest(named.digest)) return;
    const title = named.annotations?.[TITLE];
    this.#database.run(
      `INSERT INTO blobs (digest, media_type, size_bytes, last_modified_ms, manifest_digest, title, readable)
       VALUES (?, ?, ?, ?, ?, ?, 1)
       ON CONFLICT (digest) DO UPDATE SET media_type = excluded.media_type, size_bytes = excluded.size_bytes,
         manifest_digest = excluded.manifest_digest, title = coalesce(excluded.title, title), readable = 1`,
      named.digest,
      isMediaType(named.mediaType) ? named.mediaType : UNKNOWN_TYPE,
      named.size,
      lastModifiedMs,
      manifestDigest,
      title === undefined || title.length > MAX_TITLE_CHARACTERS ? null : title,
    );
  }
}
