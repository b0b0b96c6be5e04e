/**
 * The tables of one Repository object. Times are milliseconds since 1970, sizes are bytes, digests stand as text.
 *
 * `schema_version`: one row, the number of {@link MIGRATIONS} that have run (a Durable Object's SQLite has no `user_version`).
 *
 * `repository`: one row, `path`: the `registry/repository` this object is for, because its id does not tell.
 *
 * `tags`: what a tag names. `checked_ms`: when the upstream last said so. `failure`: the code of the last check when the
 * upstream could not answer it, else null; `retry_ms`: no further check before then.
 *
 * `manifests`: manifests that were fetched from this repository and checked. `readable` is 0 once the upstream has denied the
 * repository: such a row grants nothing and only keeps `first_named_ms`, which must not change when access comes back.
 *
 * `blobs`: every blob that those manifests name, and those that the upstream showed in this repository when it was asked for
 * them. `manifest_digest`: which manifest names it (the latest), empty where none known here does.
 * `title`: the descriptor's title annotation. `readable` as above; `last_modified_ms` never changes.
 *
 * `links`: signed links. `max_downloads` null: unlimited. `last_download_ms`: when the latest counted download started.
 *
 * Of repositories that the service stores itself:
 *
 * `holdings`: the blobs that this repository holds (see `docs/decisions/0008-collecting-blobs.md`). `fresh_ms`: when somebody was last told that the blob is there. `generation`: that of the
 * pin. `state`: `pinning` until the blob confirmed the pin, `held`, `releasing` until it confirmed the end of it.
 *
 * `manifest_names`: the digests of blobs and manifests that each readable manifest names.
 *
 * `referrers`: what each manifest with a subject says of itself, as JSON.
 *
 * In `manifests`, `abandoned_ms`: since when no tag or index names it, where somebody took the last one away.
 * In `repository`, `pushed_ms`: when something was last pushed; `generation`: that of the latest pin.
 */

/** Statements of each version in order; what has been released is never changed, only followed by more. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE tags (
      tag TEXT PRIMARY KEY,
      digest TEXT NOT NULL,
      checked_ms INTEGER NOT NULL,
      failure TEXT,
      retry_ms INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID`,
    `CREATE TABLE manifests (
      digest TEXT PRIMARY KEY,
      media_type TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      first_named_ms INTEGER NOT NULL,
      readable INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE blobs (
      digest TEXT PRIMARY KEY,
      media_type TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      last_modified_ms INTEGER NOT NULL,
      manifest_digest TEXT NOT NULL,
      title TEXT,
      readable INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE links (
      id TEXT PRIMARY KEY,
      digest TEXT NOT NULL,
      filename TEXT NOT NULL,
      created_by TEXT NOT NULL,
      created_ms INTEGER NOT NULL,
      expires_ms INTEGER NOT NULL,
      max_downloads INTEGER,
      downloads INTEGER NOT NULL DEFAULT 0,
      last_download_ms INTEGER,
      revoked INTEGER NOT NULL DEFAULT 0,
      size_bytes INTEGER NOT NULL,
      media_type TEXT NOT NULL,
      last_modified_ms INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE INDEX links_by_expiry ON links (expires_ms)`,
  ],
  [
    `CREATE TABLE holdings (
      digest TEXT PRIMARY KEY,
      size_bytes INTEGER NOT NULL,
      held_ms INTEGER NOT NULL,
      fresh_ms INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      state TEXT NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE manifest_names (
      manifest_digest TEXT NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (manifest_digest, digest)
    ) WITHOUT ROWID`,
    `CREATE INDEX manifest_names_by_digest ON manifest_names (digest)`,
    `CREATE TABLE referrers (
      subject TEXT NOT NULL,
      digest TEXT NOT NULL,
      artifact_type TEXT NOT NULL,
      descriptor TEXT NOT NULL,
      PRIMARY KEY (subject, digest)
    ) WITHOUT ROWID`,
    `CREATE INDEX referrers_by_digest ON referrers (digest)`,
    `CREATE INDEX tags_by_digest ON tags (digest)`,
    `ALTER TABLE manifests ADD COLUMN abandoned_ms INTEGER`,
    `ALTER TABLE repository ADD COLUMN pushed_ms INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE repository ADD COLUMN generation INTEGER NOT NULL DEFAULT 0`,
  ],
  [`CREATE INDEX blobs_by_manifest ON blobs (manifest_digest)`],
];
