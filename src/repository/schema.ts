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
];
