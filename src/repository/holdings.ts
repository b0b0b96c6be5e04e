/** The blobs that one repository holds, and whether it holds them for certain. */

import { type Digest, parseDigest } from "../oci/digest.ts";
import type { Database } from "./database.ts";

/** So long after somebody was told that a blob is there, it stays there, named or not. */
export const GRACE_MS = 24 * 3_600_000;
/** Being told is written down at most this often; it shortens the grace by as much. */
const RENEW_MS = 3_600_000;

/** A blob that is held. */
export interface Holding {
  readonly sizeBytes: number;
  /** When the repository first held it. */
  readonly heldMs: number;
}

/** A holding that may end. */
export interface DueHolding {
  readonly digest: Digest;
  readonly generation: number;
}

interface HoldingRow extends Record<string, string | number | null> {
  size_bytes: number;
  held_ms: number;
  fresh_ms: number;
  generation: number;
  state: string;
}

/** What nothing names: no manifest, and no link that can still be used. Binds the time now and a link's resume time. */
const UNNAMED = `NOT EXISTS (SELECT 1 FROM manifest_names WHERE manifest_names.digest = holdings.digest)
  AND NOT EXISTS (SELECT 1 FROM links WHERE links.digest = holdings.digest AND revoked = 0 AND expires_ms + ? > ?)`;

/** The table of held blobs. Every call runs without a pause. */
export class Holdings {
  readonly #database: Database;
  readonly #resumeMs: number;

  /** @param resumeMs how long past its time a link may be used */
  constructor(database: Database, resumeMs: number) {
    this.#database = database;
    this.#resumeMs = resumeMs;
  }

  /** A blob that is held for certain. */
  get(digest: Digest): Holding | undefined {
    const row = this.#row(digest);
    return row?.state === "held" ? { sizeBytes: row.size_bytes, heldMs: row.held_ms } : undefined;
  }

  /** Bytes of everything that is held or about to be. */
  totalBytes(): number {
    const [row] = this.#database.rows<{ total: number | null }>(
      "SELECT sum(size_bytes) AS total FROM holdings",
    );
    return row?.total ?? 0;
  }

  /**
   * Begins to hold a blob: to be followed by a pin of that generation, and then by {@link Holdings.confirm} or
   * {@link Holdings.withdraw}.
   * @returns the generation, larger than any before
   */
  announce(digest: Digest, sizeBytes: number, nowMs: number): number {
    return this.#database.transaction(() => {
      this.#database.run("UPDATE repository SET generation = generation + 1");
      const [row] = this.#database.rows<{ generation: number }>("SELECT generation FROM repository");
      const generation = row?.generation ?? 0;
      this.#database.run(
        `INSERT INTO holdings (digest, size_bytes, held_ms, fresh_ms, generation, state) VALUES (?, ?, ?, ?, ?, 'pinning')
         ON CONFLICT (digest) DO UPDATE SET size_bytes = excluded.size_bytes, fresh_ms = excluded.fresh_ms,
           generation = excluded.generation, state = CASE state WHEN 'held' THEN 'held' ELSE 'pinning' END`,
        digest,
        sizeBytes,
        nowMs,
        nowMs,
        generation,
      );
      return generation;
    });
  }

  /** Holds a blob whose pin was confirmed, unless it is being released since. */
  confirm(digest: Digest, generation: number): void {
    this.#database.run(
      "UPDATE holdings SET state = 'held' WHERE digest = ? AND generation = ? AND state = 'pinning'",
      digest,
      generation,
    );
  }

  /** Forgets a blob that could not be pinned, or was released, unless it has been announced anew. */
  withdraw(digest: Digest, generation: number): void {
    this.#database.run("DELETE FROM holdings WHERE digest = ? AND generation = ?", digest, generation);
  }

  /** Notes that somebody is told that the blob is there. */
  renew(digest: Digest, nowMs: number): void {
    const row = this.#row(digest);
    if (row === undefined || nowMs - row.fresh_ms < RENEW_MS) return;
    this.#database.run("UPDATE holdings SET fresh_ms = ? WHERE digest = ?", nowMs, digest);
  }

  /** Grants a blob that a manifest named until now its grace: somebody may have relied on that. */
  refresh(digest: string, nowMs: number): void {
    this.#database.run("UPDATE holdings SET fresh_ms = max(fresh_ms, ?) WHERE digest = ?", nowMs, digest);
  }

  /** Begins to release what nothing names and nobody was told of since `beforeMs`. From then on it is not held. */
  releaseBefore(beforeMs: number, nowMs: number, limit: number): DueHolding[] {
    return this.#database.transaction(() => {
      const due = this.#database
        .rows<{
          digest: string;
          generation: number;
        }>(
          `SELECT digest, generation FROM holdings WHERE fresh_ms <= ? AND ${UNNAMED} LIMIT ?`,
          beforeMs,
          this.#resumeMs,
          nowMs,
          limit,
        )
        .map((row) => ({ digest: parseDigest(row.digest), generation: row.generation }));
      for (const { digest } of due) {
        this.#database.run("UPDATE holdings SET state = 'releasing' WHERE digest = ?", digest);
      }
      return due;
    });
  }

  /**
   * Begins to release one blob although it is fresh.
   * @returns `undefined` where it is not held, false where something names it
   */
  release(digest: Digest, nowMs: number): DueHolding | false | undefined {
    if (this.get(digest) === undefined) return undefined;
    const [row] = this.#database.rows<{ generation: number }>(
      `SELECT generation FROM holdings WHERE digest = ? AND ${UNNAMED}`,
      digest,
      this.#resumeMs,
      nowMs,
    );
    if (row === undefined) return false;
    this.#database.run("UPDATE holdings SET state = 'releasing' WHERE digest = ?", digest);
    return { digest, generation: row.generation };
  }

  /**
   * When something may become due: the time at which the first of what nothing names was told of, and the end of the first
   * link to something that no manifest names.
   */
  nextMs(nowMs: number): { readonly oldestMs: number | null; readonly linkedUntilMs: number | null } {
    const [unnamed] = this.#database.rows<{ oldest: number | null }>(
      `SELECT min(fresh_ms) AS oldest FROM holdings WHERE ${UNNAMED}`,
      this.#resumeMs,
      nowMs,
    );
    const [linked] = this.#database.rows<{ until: number | null }>(
      `SELECT min(expires_ms) + ?1 AS until FROM links JOIN holdings ON holdings.digest = links.digest
       WHERE revoked = 0 AND expires_ms + ?1 > ?2
         AND NOT EXISTS (SELECT 1 FROM manifest_names WHERE manifest_names.digest = holdings.digest)`,
      this.#resumeMs,
      nowMs,
    );
    return { oldestMs: unnamed?.oldest ?? null, linkedUntilMs: linked?.until ?? null };
  }

  #row(digest: Digest): HoldingRow | undefined {
    return this.#database.rows<HoldingRow>(
      "SELECT size_bytes, held_ms, fresh_ms, generation, state FROM holdings WHERE digest = ?",
      digest,
    )[0];
  }
}
