/** The signed download links of one repository: what each is for, and whether it may still be used. */

import { RegistryError } from "../errors.ts";
import { parseDigest } from "../oci/digest.ts";
import type { Database } from "./database.ts";
import type { LinkRecord, LinkUse, NewLink, OpenedLink } from "./link-record.ts";

export type { LinkRecord, LinkUse, NewLink, OpenedLink } from "./link-record.ts";

/** A link stays listed for 30 days past its time, or for as long as it may be resumed; then its row goes. */
export const LINK_KEPT_MS = 30 * 24 * 3_600_000;
/** Rows of one repository; a list of them is still a few MB. */
const MAX_LINKS = 10_000;

interface LinkRow extends Record<string, string | number | null> {
  id: string;
  digest: string;
  filename: string;
  created_by: string;
  created_ms: number;
  expires_ms: number;
  max_downloads: number | null;
  downloads: number;
  last_download_ms: number | null;
  revoked: number;
  size_bytes: number;
  media_type: string;
  last_modified_ms: number;
}

/** What {@link Links} works with. */
export interface LinksOptions {
  readonly database: Database;
  /** So long after it started the last permitted download may be resumed, in milliseconds. */
  readonly resumeMs: number;
  readonly now: () => number;
}

/** The link table. Every call runs without a pause, so that two downloads at once count as two. */
export class Links {
  readonly #database: Database;
  readonly #resumeMs: number;
  readonly #now: () => number;

  constructor(options: LinksOptions) {
    this.#database = options.database;
    this.#resumeMs = options.resumeMs;
    this.#now = options.now;
  }

  /**
   * Keeps a new link; once more changes nothing, so that a call whose answer was lost may be repeated.
   * @throws {RegistryError} `too-many-links` when this repository has {@link MAX_LINKS}.
   */
  create(link: NewLink): void {
    this.#prune();
    const [row] = this.#database.rows<{ count: number }>("SELECT count(*) AS count FROM links");
    if (row !== undefined && row.count >= MAX_LINKS) {
      throw new RegistryError(
        "too-many-links",
        `Cannot make another link: this repository has ${row.count} already; a link goes 30 days after its time`,
      );
    }
    this.#database.run(
      `INSERT INTO links (id, digest, filename, created_by, created_ms, expires_ms, max_downloads, size_bytes, media_type,
         last_modified_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      link.id,
      link.digest,
      link.filename,
      link.createdBy,
      link.createdMs,
      link.expiresMs,
      link.maxDownloads ?? null,
      link.sizeBytes,
      link.mediaType,
      link.lastModifiedMs,
    );
  }

  /** All links, the newest first. */
  list(): LinkRecord[] {
    this.#prune();
    return this.#database.rows<LinkRow>("SELECT * FROM links ORDER BY created_ms DESC, id").map((row) => ({
      id: row.id,
      digest: parseDigest(row.digest),
      filename: row.filename,
      createdBy: row.created_by,
      createdMs: row.created_ms,
      expiresMs: row.expires_ms,
      revoked: row.revoked !== 0,
      maxDownloads: row.max_downloads,
      downloads: row.downloads,
    }));
  }

  /**
   * Ends a link; once more changes nothing.
   * @throws {RegistryError} `link-unknown`
   */
  revoke(id: string): void {
    if (this.#get(id) === undefined) {
      throw new RegistryError(
        "link-unknown",
        `Cannot revoke link "${id.slice(0, 100)}": this repository has no such link; list those that it has by GET`,
      );
    }
    this.#database.run("UPDATE links SET revoked = 1 WHERE id = ?", id);
  }

  /**
   * The blob behind a link whose token the caller has checked, its time included.
   *
   * What starts no download (HEAD, a resume) is never counted, and is served even when the link is used up for as long as the
   * latest download may need to be resumed.
   * @throws {RegistryError} `link-invalid` (no such link), `link-revoked`, `link-used-up`.
   */
  open(id: string, use: LinkUse): OpenedLink {
    const row = this.#get(id);
    if (row === undefined) {
      throw new RegistryError(
        "link-invalid",
        "Cannot open the link: it is not known here; ask whoever sent it for another",
      );
    }
    if (row.revoked !== 0) {
      throw new RegistryError(
        "link-revoked",
        "Cannot open the link: it was revoked; ask whoever sent it for another",
      );
    }
    const nowMs = this.#now();
    if (isUsedUp(row) && (use !== "look" || nowMs >= (row.last_download_ms ?? 0) + this.#resumeMs)) {
      throw new RegistryError(
        "link-used-up",
        `Cannot open the link: all of its downloads (${row.max_downloads}) are used; ask whoever sent it for another`,
      );
    }
    if (use === "start") {
      this.#database.run(
        "UPDATE links SET downloads = downloads + 1, last_download_ms = ? WHERE id = ?",
        nowMs,
        id,
      );
    }
    return {
      digest: parseDigest(row.digest),
      filename: row.filename,
      sizeBytes: row.size_bytes,
      mediaType: row.media_type,
      lastModifiedMs: row.last_modified_ms,
      expiresMs: row.expires_ms,
    };
  }

  #get(id: string): LinkRow | undefined {
    return this.#database.rows<LinkRow>("SELECT * FROM links WHERE id = ?", id)[0];
  }

  #prune(): void {
    const beforeMs = this.#now() - Math.max(LINK_KEPT_MS, this.#resumeMs);
    if (this.#database.rows("SELECT id FROM links WHERE expires_ms < ? LIMIT 1", beforeMs).length === 0)
      return;
    this.#database.run("DELETE FROM links WHERE expires_ms < ?", beforeMs);
  }
}

function isUsedUp(row: LinkRow): boolean {
  return row.max_downloads !== null && row.downloads >= row.max_downloads;
}
