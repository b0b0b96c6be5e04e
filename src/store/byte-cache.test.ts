import { describe, expect, it } from "vitest";
import { ByteCache } from "./byte-cache.ts";

function entry(bytes: number) {
  return { bytes: new Uint8Array(bytes) };
}

describe("ByteCache", () => {
  it("forgets what was used longest ago once there are too many bytes", () => {
    const cache = new ByteCache({ totalBytes: 10, entryBytes: 5 });
    cache.set("a", entry(5));
    cache.set("b", entry(5));
    cache.get("a");
    cache.set("c", entry(1));
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([entry(5), undefined, entry(1)]);
  });

  it("does not keep what is too large by itself", () => {
    const cache = new ByteCache({ totalBytes: 10, entryBytes: 5 });
    cache.set("a", entry(5));
    cache.set("b", entry(6));
    expect([cache.get("a"), cache.get("b")]).toEqual([entry(5), undefined]);
  });

  it("counts an entry that is replaced or deleted no more", () => {
    const cache = new ByteCache({ totalBytes: 10, entryBytes: 10 });
    cache.set("a", entry(10));
    cache.set("a", entry(4));
    cache.set("b", entry(6));
    cache.delete("b");
    cache.delete("b");
    cache.set("c", entry(6));
    expect([cache.get("a"), cache.get("c")]).toEqual([entry(4), entry(6)]);
  });
});
