/** Reads the store of a service that has ended: what miniflare keeps under `--persist-to`, as plain data. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { gzipSync } from "node:zlib";
import type { CapturedFile, CapturedObject, CapturedStore } from "./captured.ts";

/** Reads bucket and Durable Objects. @param persistTo the directory that the service was given */
export function readStore(persistTo: string): CapturedStore {
  return {
    bucket: readBucket(path.join(persistTo, "v3/r2")),
    objects: readObjects(path.join(persistTo, "v3/do")),
  };
}

interface FileRow {
  readonly key: string;
  readonly blob_id: string | null;
  readonly http_metadata: string;
  readonly custom_metadata: string;
}

/** Everything in the bucket. @param directory `v3/r2` of what miniflare keeps */
export function readBucket(directory: string): CapturedFile[] {
  const bucket = readdirSync(directory).find((name) => existsSync(path.join(directory, name, "blobs"))) ?? "";
  const query = "SELECT key, blob_id, http_metadata, custom_metadata FROM _mf_objects ORDER BY key";
  return databasesIn(directory).flatMap((database) =>
    rows<FileRow>(database, query).map((row) => ({
      key: row.key,
      contentType: (JSON.parse(row.http_metadata) as { contentType?: string }).contentType,
      metadata: JSON.parse(row.custom_metadata) as Record<string, string>,
      gzip: gzipSync(
        row.blob_id === null ? "" : readFileSync(path.join(directory, bucket, "blobs", row.blob_id)),
      ).toString("base64"),
    })),
  );
}

function readObjects(directory: string): CapturedObject[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => databasesIn(path.join(directory, name)).map((database) => readObject(name, database)))
    .filter(({ tables, kv }) => tables.length > 0 || Object.keys(kv).length > 0);
}

function readObject(directory: string, database: DatabaseSync): CapturedObject {
  const master = rows<{ type: string; name: string; sql: string | null }>(
    database,
    "SELECT type, name, sql FROM sqlite_master ORDER BY rowid",
  );
  const own = master.filter(({ name, sql }) => sql !== null && !/^(_cf_|sqlite_|__miniflare_)/.test(name));
  const hasKv = master.some(({ name }) => name === "_cf_KV");
  const kv = hasKv
    ? rows<{ key: string; value: Uint8Array }>(database, "SELECT key, value FROM _cf_KV ORDER BY key")
    : [];
  return {
    class: /(\w+Object)$/.exec(directory)?.[1] ?? directory,
    name: rows<{ name: string }>(database, "SELECT name FROM __miniflare_do_name")[0]?.name ?? "",
    tables: own
      .filter(({ type }) => type === "table")
      .map(({ name, sql }) => ({ name, create: sql ?? "", rows: rows(database, `SELECT * FROM "${name}"`) })),
    indexes: own.filter(({ type }) => type === "index").map(({ sql }) => sql ?? ""),
    kv: Object.fromEntries(kv.map(({ key, value }) => [key, deserialize(value) as unknown])),
  };
}

function databasesIn(directory: string): DatabaseSync[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite") && !path.basename(name).startsWith("metadata"))
    .sort()
    .map((name) => new DatabaseSync(path.join(directory, name)));
}

function rows<Row>(database: DatabaseSync, query: string): Row[] {
  return database.prepare(query).all() as Row[];
}
