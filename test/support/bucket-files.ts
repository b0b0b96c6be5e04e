/** The local bucket of a service that has ended, read past it: what miniflare keeps under `--persist-to`. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** An object in the bucket. */
export interface BucketFile {
  readonly key: string;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Its bytes, from the disk. */
  readonly bytes: () => Uint8Array;
}

interface Row {
  readonly key: string;
  readonly blob_id: string | null;
  readonly http_metadata: string;
  readonly custom_metadata: string;
}

/** Everything in the bucket, in the order of the keys. @param persistTo the directory that the service was given */
export function bucketFiles(persistTo: string): BucketFile[] {
  const directory = path.join(persistTo, "v3/r2");
  const bucket = readdirSync(directory).find((name) => existsSync(path.join(directory, name, "blobs"))) ?? "";
  const query = "SELECT key, blob_id, http_metadata, custom_metadata FROM _mf_objects ORDER BY key";
  return databasesIn(directory).flatMap((database) =>
    (database.prepare(query).all() as unknown as Row[]).map((row) => ({
      key: row.key,
      contentType: (JSON.parse(row.http_metadata) as { contentType?: string }).contentType,
      metadata: JSON.parse(row.custom_metadata) as Record<string, string>,
      bytes: () =>
        row.blob_id === null
          ? new Uint8Array()
          : readFileSync(path.join(directory, bucket, "blobs", row.blob_id)),
    })),
  );
}

/** The databases below a directory, but for those of miniflare's own. */
export function databasesIn(directory: string): DatabaseSync[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite") && !path.basename(name).startsWith("metadata"))
    .sort()
    .map((name) => new DatabaseSync(path.join(directory, name)));
}
