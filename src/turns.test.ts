import { describe, expect, it } from "vitest";
import { KeyedTurns, Turns } from "./turns.ts";

/** Work that says when it begins and ends, and ends when told. */
function work(name: string, log: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    resolve: () => resolve(name),
    reject: () => reject(new Error(name)),
    run: async () => {
      log.push(`+${name}`);
      try {
        return await promise;
      } finally {
        log.push(`-${name}`);
      }
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("Turns", () => {
  it("runs one thing after the other, whatever comes of it", async () => {
    const log: string[] = [];
    const turns = new Turns();
    const [a, b, c] = [work("a", log), work("b", log), work("c", log)];
    const [first, second, third] = [a, b, c].map(({ run }) => turns.take(run));
    await settled();
    expect(log).toEqual(["+a"]);
    a.reject();
    await expect(first).rejects.toThrow("a");
    await settled();
    expect(log).toEqual(["+a", "-a", "+b"]);
    b.resolve();
    c.resolve();
    expect(await Promise.all([second, third])).toEqual(["b", "c"]);
    expect(log).toEqual(["+a", "-a", "+b", "-b", "+c", "-c"]);
  });
});

describe("KeyedTurns", () => {
  it("keeps apart only what has the same key", async () => {
    const log: string[] = [];
    const turns = new KeyedTurns();
    const [a, b, other] = [work("a", log), work("b", log), work("other", log)];
    const all = [turns.take("k", a.run), turns.take("k", b.run), turns.take("l", other.run)];
    await settled();
    expect(log).toEqual(["+a", "+other"]);
    a.resolve();
    b.resolve();
    other.resolve();
    await Promise.all(all);
    expect(log.indexOf("+b")).toBeGreaterThan(log.indexOf("-a"));
  });
});
