/** SQLite of one Repository object: tables that appear with the first write. */

import { RegistryError } from "../errors.ts";
import { MIGRATIONS } from "./schema.ts";

/** A column's value. */
export type SqlValue = string | number | null;

/** The part of a Durable Object's storage that this module needs; all of it is synchronous. */
export interface SqlStorageLike {
  readonly sql: {
    exec<Row extends Record<string, SqlValue>>(
      statement: string,
      ...bindings: SqlValue[]
    ): { toArray(): Row[] };
  };
  transactionSync<T>(work: () => T): T;
}

/**
 * Tables of one repository. Nothing is written until something is kept: anyone can ask for names that nobody has, and each
 * is an object of its own that would otherwise stay for ever.
 */
export class Database {
  readonly #storage: SqlStorageLike;
  readonly #path: string;
  #version: number;

  /**
   * Opens the tables and brings older ones up to date.
   * @param path - `registry/repository`, kept with the tables.
   * @throws {RegistryError} `internal-error` when the storage belongs to another path.
   */
  constructor(storage: SqlStorageLike, path: string) {
    this.#storage = storage;
    this.#path = path;
    this.#version = this.#storedVersion();
    if (this.#version === 0) return;
    const owner = this.rows<{ path: string }>("SELECT path FROM repository")[0]?.path;
    if (owner !== path) {
      throw new RegistryError("internal-error", `Cannot open repository "${path}": its object is another's`);
    }
    this.#migrate();
  }

  /** Whose tables a storage holds: `registry/repository`, or `undefined` where it holds none. */
  static pathOf({ sql }: SqlStorageLike): string | undefined {
    const table = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'repository'");
    if (table.toArray().length === 0) return undefined;
    return sql.exec<{ path: string }>("SELECT path FROM repository").toArray()[0]?.path;
  }

  /** All rows of a query; none before the first write. */
  rows<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]): Row[] {
    return this.#version === 0 ? [] : this.#storage.sql.exec<Row>(query, ...bindings).toArray();
  }

  /** Runs several writes so that all of them happen or none. */
  transaction<T>(work: () => T): T {
    this.#migrate();
    return this.#storage.transactionSync(work);
  }

  /** Runs one statement that writes; makes the tables first where there are none. */
  run(statement: string, ...bindings: SqlValue[]): void {
    this.#migrate();
    this.#storage.sql.exec(statement, ...bindings);
  }

  #storedVersion(): number {
    const { sql } = this.#storage;
    const table = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'");
    if (table.toArray().length === 0) return 0;
    return sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray()[0]?.version ?? 0;
  }

  #migrate(): void {
    const from = this.#version;
    // A newer version means that the code was rolled back; migrations only add, so its tables still serve.
    if (from >= MIGRATIONS.length) return;
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      if (from === 0) {
        sql.exec("CREATE TABLE schema_version (version INTEGER NOT NULL)");
        sql.exec("INSERT INTO schema_version (version) VALUES (0)");
        sql.exec("CREATE TABLE repository (path TEXT NOT NULL)");
        sql.exec("INSERT INTO repository (path) VALUES (?)", this.#path);
      }
      for (const statement of MIGRATIONS.slice(from).flat()) sql.exec(statement);
      sql.exec("UPDATE schema_version SET version = ?", MIGRATIONS.length);
    });
    this.#version = MIGRATIONS.length;
  }
}
