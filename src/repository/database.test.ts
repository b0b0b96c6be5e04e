import { describe, expect, it } from "vitest";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { Database } from "./database.ts";

function tables(storage: SqliteStorage): unknown[] {
  return storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
}

describe("Database", () => {
  it("writes nothing before something is kept", () => {
    const storage = new SqliteStorage();
    expect(new Database(storage, "lab/a").rows("SELECT tag FROM tags")).toEqual([]);
    expect(tables(storage)).toEqual([]);
  });

  it("keeps what was written for the next one that opens the storage", () => {
    const storage = new SqliteStorage();
    new Database(storage, "lab/a").run("INSERT INTO tags (tag, digest, checked_ms) VALUES ('t', 'd', 5)");
    expect(new Database(storage, "lab/a").rows("SELECT tag, checked_ms FROM tags")).toEqual([
      { tag: "t", checked_ms: 5 },
    ]);
    expect(storage.sql.exec("SELECT version FROM schema_version").toArray()).toEqual([{ version: 3 }]);
  });

  it("refuses storage that belongs to another repository", () => {
    const storage = new SqliteStorage();
    new Database(storage, "lab/a").run("DELETE FROM tags");
    expect(() => new Database(storage, "lab/b")).toThrow(expect.objectContaining({ code: "internal-error" }));
  });

  it("does all writes of a transaction or none", () => {
    const database = new Database(new SqliteStorage(), "lab/a");
    expect(() =>
      database.transaction(() => {
        database.run("INSERT INTO tags (tag, digest, checked_ms) VALUES ('t', 'd', 5)");
        throw new Error("half way");
      }),
    ).toThrow("half way");
    expect(database.rows("SELECT tag FROM tags")).toEqual([]);
  });
});
