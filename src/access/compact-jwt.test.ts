import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { looksLikeJwt, signJwt, verifyJwt } from "./compact-jwt.ts";

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
const CLAIMS = { jti: "1", exp: 5, text: "ä/?" };
const TYP = "test+jwt";

function verify(token: string, typ = TYP): Promise<unknown> {
  return verifyJwt(token, {
    typ,
    findKey: ({ kid }) => Promise.resolve(kid === "a" || kid === undefined ? KEY : undefined),
  });
}

function part(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A token made by hand, so that a header and claims can be what {@link signJwt} never makes. */
function handmade(header: unknown, claims: unknown, hash = "sha256"): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${createHmac(hash, KEY).update(input).digest("base64url")}`;
}

const HEADER = { alg: "HS256", typ: TYP, kid: "a" };

test("a token gives back its claims", async () => {
  const token = await signJwt(CLAIMS, { typ: TYP, kid: "a", key: KEY });
  expect(await verify(token)).toEqual(CLAIMS);
  expect(looksLikeJwt(token)).toBe(true);
});

test("a token may be without a key id", async () => {
  const token = await signJwt(CLAIMS, { typ: TYP, kid: undefined, key: KEY });
  expect(await verify(token)).toEqual(CLAIMS);
});

test("a token made by hand is like a made one, so that the tests below fail for the reason they name", async () => {
  expect(handmade(HEADER, CLAIMS)).toBe(await signJwt(CLAIMS, { typ: TYP, kid: "a", key: KEY }));
});

test("the key is looked for by the key id and the claims", async () => {
  const token = await signJwt(CLAIMS, { typ: TYP, kid: "a", key: KEY });
  const seen: unknown[] = [];
  await verifyJwt(token, {
    typ: TYP,
    findKey: (unverified) => {
      seen.push(unverified);
      return Promise.resolve(undefined);
    },
  });
  expect(seen).toEqual([{ kid: "a", claims: CLAIMS }]);
});

test("another type, key or key id is refused", async () => {
  const token = await signJwt(CLAIMS, { typ: TYP, kid: "a", key: KEY });
  expect(await verify(token, "other+jwt")).toBe(undefined);
  expect(await verify(await signJwt(CLAIMS, { typ: TYP, kid: "b", key: KEY }))).toBe(undefined);
  expect(await verify(await signJwt(CLAIMS, { typ: TYP, kid: "a", key: OTHER_KEY }))).toBe(undefined);
});

test("a key that cannot be found for a failure refuses the token", async () => {
  const token = await signJwt(CLAIMS, { typ: TYP, kid: "a", key: KEY });
  const findKey = (): Promise<never> => Promise.reject(new Error("no"));
  expect(await verifyJwt(token, { typ: TYP, findKey })).toBe(undefined);
});

test.each([
  ["no algorithm", { ...HEADER, alg: "none" }],
  ["another algorithm", { ...HEADER, alg: "HS512" }],
  ["no type", { alg: "HS256", kid: "a" }],
  ["a type of other case", { ...HEADER, typ: "TEST+JWT" }],
  ["a type with its prefix", { ...HEADER, typ: `application/${TYP}` }],
  ["a key of its own", { ...HEADER, jwk: { kty: "oct", k: "AAAA" } }],
  ["critical extensions", { ...HEADER, crit: ["b64"], b64: false }],
  ["a key id that is no text", { ...HEADER, kid: 1 }],
  ["no object", "[]"],
  ["no JSON", "{"],
])("a rightly signed token whose header has %s is refused", async (_what, header) => {
  expect(await verify(handmade(header, CLAIMS))).toBe(undefined);
});

test.each([["[]"], ["1"], ["null"], ["{"], [""]])(
  "rightly signed claims that are %j are refused",
  async (claims) => {
    expect(await verify(handmade(HEADER, claims))).toBe(undefined);
  },
);

test("a token with another hash under the right name is refused", async () => {
  const token = handmade(HEADER, CLAIMS, "sha512");
  expect(await verify(token)).toBe(undefined);
  expect(await verify(token.slice(0, token.lastIndexOf(".") + 44))).toBe(undefined);
});

test("a token without its signature is refused", async () => {
  const token = handmade(HEADER, CLAIMS);
  const unsigned = token.slice(0, token.lastIndexOf("."));
  expect(await verify(unsigned)).toBe(undefined);
  expect(await verify(`${unsigned}.`)).toBe(undefined);
});

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("all four spellings of a signature's last bits: one is right", async () => {
  const token = handmade(HEADER, CLAIMS);
  const accepted: string[] = [];
  for (const last of ALPHABET) {
    if ((await verify(token.slice(0, -1) + last)) !== undefined) accepted.push(last);
  }
  expect(accepted).toEqual([token.at(-1)]);
});

test(
  "a token changed in any place, to any character, cut or lengthened is refused",
  { timeout: 60_000 },
  async () => {
    const token = handmade(HEADER, CLAIMS);
    const accepted: string[] = [];
    for (let index = 0; index < token.length; index += 1) {
      const [before, character, after] = [token.slice(0, index), token.charAt(index), token.slice(index + 1)];
      const changed = Array.from(`${ALPHABET}.=+/ %\n\0é`).filter((other) => other !== character);
      for (const other of ["", character + character, ...changed]) {
        if ((await verify(before + other + after)) !== undefined) accepted.push(before + other + after);
      }
    }
    for (const more of ["=", "==", "A", ".", " ", "\n"]) {
      if ((await verify(token + more)) !== undefined) accepted.push(token + more);
      if ((await verify(more + token)) !== undefined) accepted.push(more + token);
    }
    expect(accepted).toEqual([]);
  },
);

test("any text is refused without an error", async () => {
  const noise = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.json(), fc.json(), fc.base64String()).map(([a, b, c]) => `${part(a)}.${part(b)}.${c}`),
    fc
      .tuple(fc.constant(HEADER), fc.jsonValue(), fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([a, b, c]) => `${part(a)}.${part(b)}.${Buffer.from(c).toString("base64url")}`),
  );
  await fc.assert(
    fc.asyncProperty(noise, async (text) => {
      expect(await verify(text)).toBe(undefined);
    }),
    { numRuns: 500 },
  );
});

test("a text of any length is answered at once", async () => {
  const long = `${"A".repeat(5_000_000)}.${"A".repeat(5_000_000)}.${"A".repeat(43)}`;
  expect(looksLikeJwt(long)).toBe(false);
  expect(await verify(long)).toBe(undefined);
});
