/** Reads the store of a service that has ended: what miniflare keeps under `--persist-to`, as plain data. */

import { readdirSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { gzipSync } from "node:zlib";
import { bucketFiles, databasesIn } from "../support/bucket-files.ts";
import type { CapturedObject, CapturedStore } from "./captured.ts";

/** Reads bucket and Durable Objects. @param persistTo the directory that the service was given */
export function readStore(persistTo: string): CapturedStore {
  return {
    bucket: bucketFiles(persistTo).map(({ key, contentType, metadata, bytes }) => ({
      key,
      contentType,
      metadata,
      gzip: gzipSync(bytes()).toString("base64"),
    })),
    objects: readObjects(path.join(persistTo, "v3/do")),
  };
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

function rows<Row>(database: DatabaseSync, query: string): Row[] {
  return database.prepare(query).all() as Row[];
}
