import { DatabaseSync } from "node:sqlite";
import type { SqlStorageLike, SqlValue } from "../../src/repository/database.ts";

/** A Durable Object's SQLite storage for tests in Node: the same database engine, without the platform around it. */
export class SqliteStorage implements SqlStorageLike {
  readonly #database = new DatabaseSync(":memory:");
  readonly sql: SqlStorageLike["sql"] = {
    exec: <Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]) => {
      const rows = this.#database.prepare(statement).all(...bindings) as Row[];
      return { toArray: () => rows };
    },
  };

  transactionSync<T>(work: () => T): T {
    this.#database.exec("SAVEPOINT work");
    try {
      const result = work();
      this.#database.exec("RELEASE work");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK TO work");
      this.#database.exec("RELEASE work");
      throw error;
    }
  }
}
