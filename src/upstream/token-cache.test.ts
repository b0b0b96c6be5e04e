import { describe, expect, test } from "vitest";
import { type Token, TokenCache } from "./token-cache.ts";

function token(value: string, expiresInSeconds = 300): Token {
  return { value, expiresInSeconds, scope: "s" };
}

/** A fetch that gives "t1", "t2" and so on, and counts. */
function counting(expiresInSeconds = 300): { fetch: () => Promise<Token>; count: () => number } {
  let count = 0;
  return { fetch: () => Promise.resolve(token(`t${++count}`, expiresInSeconds)), count: () => count };
}

describe("TokenCache", () => {
  test("keeps a token, by key", async () => {
    const cache = new TokenCache();
    const { fetch, count } = counting();
    const now = (): number => 0;
    expect(await cache.get("a", fetch, { now })).toBe("t1");
    expect(await cache.get("a", fetch, { now })).toBe("t1");
    expect(await cache.get("b", fetch, { now })).toBe("t2");
    expect(count()).toBe(2);
  });

  test.each([
    [300, 270],
    [60, 48],
    [10, 8],
    [86_400, 3_570],
  ])("a token of %d s is used for %d s", async (lifeSeconds, usedSeconds) => {
    const cache = new TokenCache();
    const { fetch } = counting(lifeSeconds);
    let nowMs = 0;
    const options = { now: () => nowMs };
    await cache.get("a", fetch, options);
    nowMs = usedSeconds * 1000 - 1;
    expect(await cache.get("a", fetch, options)).toBe("t1");
    nowMs = usedSeconds * 1000;
    expect(await cache.get("a", fetch, options)).toBe("t2");
  });

  test("does not give a refused token again, and tells the next fetch its scope", async () => {
    const cache = new TokenCache();
    const scopes: (string | undefined)[] = [];
    const fetch = (lastScope: string | undefined): Promise<Token> => {
      scopes.push(lastScope);
      return Promise.resolve(token(`t${scopes.length}`));
    };
    const now = (): number => 0;
    const first = await cache.get("a", fetch, { now });
    expect(await cache.get("a", fetch, { now, refused: first })).toBe("t2");
    // Someone else's refusal of the old one is no reason to fetch another.
    expect(await cache.get("a", fetch, { now, refused: first })).toBe("t2");
    expect(scopes).toEqual([undefined, "s"]);
  });

  test("several callers share one fetch, and its failure", async () => {
    const cache = new TokenCache();
    const now = (): number => 0;
    let calls = 0;
    const failing = (): Promise<Token> => {
      calls++;
      return Promise.reject(new Error("down"));
    };
    const failures = await Promise.allSettled([1, 2, 3].map(() => cache.get("a", failing, { now })));
    expect(failures.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(calls).toBe(1);
    const { fetch, count } = counting();
    expect(await Promise.all([1, 2, 3].map(() => cache.get("a", fetch, { now })))).toEqual([
      "t1",
      "t1",
      "t1",
    ]);
    expect(count()).toBe(1);
  });

  test("a caller who leaves does not end the fetch for the others", async () => {
    const cache = new TokenCache();
    const now = (): number => 0;
    const pending = Promise.withResolvers<Token>();
    const controller = new AbortController();
    const first = cache.get("a", () => pending.promise, { now, signal: controller.signal });
    const second = cache.get("a", () => pending.promise, { now });
    controller.abort(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    pending.resolve(token("t"));
    expect(await second).toBe("t");
  });

  test("nobody waits for ever for a fetch that never settles", async () => {
    const cache = new TokenCache({ patienceMs: 30 });
    const never = cache.get("a", () => new Promise(() => {}), { now: Date.now });
    never.catch(() => {});
    const { fetch } = counting();
    expect(await cache.get("a", fetch, { now: Date.now })).toBe("t1");
    expect(await cache.get("a", fetch, { now: Date.now })).toBe("t1");
  });

  test("forgets the token that was used least recently", async () => {
    const cache = new TokenCache({ limit: 2 });
    const { fetch, count } = counting();
    const now = (): number => 0;
    for (const key of ["a", "b", "a", "c", "a"]) await cache.get(key, fetch, { now });
    expect(count()).toBe(3);
    await cache.get("b", fetch, { now });
    expect(count()).toBe(4);
  });
});
