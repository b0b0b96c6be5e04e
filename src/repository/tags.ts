/** What the tags of one repository name, and when the upstream last said so. */

import type { ErrorCode } from "../errors.ts";
import { isErrorCode } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import type { Database } from "./database.ts";

/** One tag. */
export interface TagRecord {
  readonly digest: Digest;
  /** When the upstream last confirmed the digest. */
  readonly checkedMs: number;
  /** Why the latest check told nothing; absent when it did. */
  readonly failure?: ErrorCode;
  /** After a failure: no further check before then. */
  readonly retryMs: number;
}

interface TagRow extends Record<string, string | number | null> {
  digest: string;
  checked_ms: number;
  failure: string | null;
  retry_ms: number;
}

/** The tag table. */
export class Tags {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What is known of a tag. */
  get(tag: string): TagRecord | undefined {
    const [row] = this.#database.rows<TagRow>(
      "SELECT digest, checked_ms, failure, retry_ms FROM tags WHERE tag = ?",
      tag,
    );
    if (row === undefined) return undefined;
    return {
      digest: parseDigest(row.digest),
      checkedMs: row.checked_ms,
      ...(isErrorCode(row.failure) ? { failure: row.failure } : {}),
      retryMs: row.retry_ms,
    };
  }

  /** Keeps what the upstream said just now. */
  confirm(tag: string, digest: Digest, nowMs: number): void {
    this.#database.run(
      `INSERT INTO tags (tag, digest, checked_ms) VALUES (?, ?, ?)
       ON CONFLICT (tag) DO UPDATE SET digest = excluded.digest, checked_ms = excluded.checked_ms, failure = NULL, retry_ms = 0`,
      tag,
      digest,
      nowMs,
    );
  }

  /** Keeps that the upstream could not answer for a known tag; an unknown one is left alone. */
  postpone(tag: string, failure: ErrorCode, retryMs: number): void {
    if (this.get(tag) === undefined) return;
    this.#database.run("UPDATE tags SET failure = ?, retry_ms = ? WHERE tag = ?", failure, retryMs, tag);
  }

  /** Forgets a tag that the upstream no longer has. */
  remove(tag: string): void {
    if (this.get(tag) === undefined) return;
    this.#database.run("DELETE FROM tags WHERE tag = ?", tag);
  }

  /** The tags in order, those behind `last`, at most `limit` of them. */
  list(last: string, limit: number): string[] {
    return this.#database
      .rows<{ tag: string }>("SELECT tag FROM tags WHERE tag > ? ORDER BY tag LIMIT ?", last, limit)
      .map(({ tag }) => tag);
  }

  /** Forgets the tags that name a digest. */
  removeAllOf(digest: Digest): void {
    if (this.#database.rows("SELECT tag FROM tags WHERE digest = ? LIMIT 1", digest).length === 0) return;
    this.#database.run("DELETE FROM tags WHERE digest = ?", digest);
  }

  /** Forgets all tags. */
  clear(): void {
    if (this.#database.rows("SELECT tag FROM tags LIMIT 1").length === 0) return;
    this.#database.run("DELETE FROM tags");
  }
}
