import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Config, loadConfig } from "../config.ts";
import { parseDigest } from "../oci/digest.ts";
import { type NewLink, checkLinkTime, requireLinkKeys, signLink, verifyLink } from "./link-token.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const NOW_SECONDS = NOW_MS / 1000;

const SECRETS = {
  old: Buffer.alloc(32, 1).toString("base64"),
  new: Buffer.alloc(48, 2).toString("base64"),
};

function keys(...ids: readonly (keyof typeof SECRETS)[]): Config {
  return loadConfig({ LINK_KEYS: JSON.stringify(Object.fromEntries(ids.map((id) => [id, SECRETS[id]]))) });
}

const CONFIG = keys("old");

const LINK: NewLink = {
  id: "0f8c2f4e",
  repository: "ghcr.io/org/img",
  digest: parseDigest(`sha256:${"ab".repeat(32)}`),
  filename: "img_1.0.sif",
  expiresAtSeconds: NOW_SECONDS + 60,
};

/** A rightly signed token with claims of any kind. */
function handmade(claims: unknown, typ = "sif-edge-link+jwt"): string {
  const input = [{ alg: "HS256", typ, kid: "old" }, claims]
    .map((value) => Buffer.from(JSON.stringify(value)).toString("base64url"))
    .join(".");
  return `${input}.${createHmac("sha256", Buffer.alloc(32, 1)).update(input).digest("base64url")}`;
}

const CLAIMS = {
  aud: "sif-edge/link",
  jti: LINK.id,
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 60,
  repository: LINK.repository,
  digest: LINK.digest,
  filename: LINK.filename,
};

test("a link says what it was made for", async () => {
  const token = await signLink(LINK, CONFIG, NOW_MS + 999);
  expect(await verifyLink(token, CONFIG, NOW_MS)).toEqual({
    ...LINK,
    issuedAtSeconds: NOW_SECONDS,
    expired: false,
  });
});

test("the token is a JWT with the key's id, and fit for a URL", async () => {
  const token = await signLink(LINK, CONFIG, NOW_MS);
  expect(token).toBe(handmade(CLAIMS));
  expect(encodeURIComponent(token)).toBe(token);
});

test("any link survives being signed", async () => {
  const link = fc.record({
    id: fc.string({ minLength: 1, unit: "grapheme" }),
    repository: fc.string({ minLength: 1 }),
    digest: fc.constant(LINK.digest),
    filename: fc.string({ minLength: 1, unit: "grapheme" }),
    expiresAtSeconds: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(link, async (link) => {
      const token = await signLink(link, CONFIG, NOW_MS);
      expect(await verifyLink(token, CONFIG, NOW_MS)).toMatchObject(link);
    }),
  );
});

test("a link is over at its second, and is still read then", async () => {
  const token = await signLink(LINK, CONFIG, NOW_MS);
  expect((await verifyLink(token, CONFIG, NOW_MS + 59_999)).expired).toBe(false);
  expect((await verifyLink(token, CONFIG, NOW_MS + 60_000)).expired).toBe(true);
});

test("the first key signs, and all verify", async () => {
  const before = await signLink(LINK, keys("old"), NOW_MS);
  const after = await signLink(LINK, keys("new", "old"), NOW_MS);
  expect(after).not.toBe(before);
  expect(await verifyLink(before, keys("new", "old"), NOW_MS)).toMatchObject(LINK);
  expect(await verifyLink(after, keys("new", "old"), NOW_MS)).toMatchObject(LINK);
  expect(await verifyLink(after, keys("new"), NOW_MS)).toMatchObject(LINK);
});

test("a removed key ends its links", async () => {
  const before = await signLink(LINK, keys("old"), NOW_MS);
  await expect(verifyLink(before, keys("new"), NOW_MS)).rejects.toMatchObject({ code: "link-invalid" });
});

test("a key's id with another secret ends its links", async () => {
  const before = await signLink(LINK, keys("old"), NOW_MS);
  const other = loadConfig({ LINK_KEYS: { old: SECRETS.new } });
  await expect(verifyLink(before, other, NOW_MS)).rejects.toMatchObject({ code: "link-invalid" });
});

test("without keys there are no links", async () => {
  const none = loadConfig({});
  expect(() => requireLinkKeys(none)).toThrow(
    expect.objectContaining({ code: "links-not-configured", status: 501 }),
  );
  await expect(signLink(LINK, none, NOW_MS)).rejects.toMatchObject({ code: "links-not-configured" });
  await expect(verifyLink("x", none, NOW_MS)).rejects.toMatchObject({ code: "links-not-configured" });
  expect(requireLinkKeys(CONFIG).map(({ id }) => id)).toEqual(["old"]);
});

test.each<[string, Record<string, unknown>]>([
  ["another audience", { ...CLAIMS, aud: "sif-edge/registry" }],
  ["several audiences", { ...CLAIMS, aud: [CLAIMS.aud] }],
  ["no time", { ...CLAIMS, exp: undefined }],
  ["a time that is no number", { ...CLAIMS, exp: "9999999999" }],
  ["a time that is not whole", { ...CLAIMS, exp: CLAIMS.exp + 0.5 }],
  ["no id", { ...CLAIMS, jti: undefined }],
  ["no repository", { ...CLAIMS, repository: "" }],
  ["no digest", { ...CLAIMS, digest: undefined }],
  ["a digest that is none", { ...CLAIMS, digest: "sha256:ab" }],
  ["a digest that is no text", { ...CLAIMS, digest: [LINK.digest] }],
  ["no file name", { ...CLAIMS, filename: "" }],
  ["more than a link has", { ...CLAIMS, access: [] }],
])("a rightly signed token with %s is no link", async (_what, claims) => {
  await expect(verifyLink(handmade(claims), CONFIG, NOW_MS)).rejects.toMatchObject({ code: "link-invalid" });
});

test("a rightly signed token of another type is no link", async () => {
  for (const typ of ["JWT", "sif-edge-registry+jwt"]) {
    await expect(verifyLink(handmade(CLAIMS, typ), CONFIG, NOW_MS)).rejects.toMatchObject({
      code: "link-invalid",
    });
  }
});

test("a link changed in any character is invalid", { timeout: 60_000 }, async () => {
  const token = await signLink(LINK, CONFIG, NOW_MS);
  for (let index = 0; index < token.length; index += 1) {
    for (const other of ["A", "B", "w", "_", ".", "="].filter((other) => other !== token[index])) {
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      await expect(verifyLink(changed, CONFIG, NOW_MS)).rejects.toMatchObject({ code: "link-invalid" });
    }
  }
});

test("an invalid link's message repeats nothing of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
      const error: unknown = await verifyLink(`hunter2${text}`, CONFIG, NOW_MS).catch(
        (error: unknown) => error,
      );
      expect(error).toMatchObject({ code: "link-invalid", status: 403 });
      expect(error instanceof Error && error.message).not.toContain("hunter2");
    }),
  );
});

const LATE = { ...LINK, issuedAtSeconds: NOW_SECONDS, expiresAtSeconds: NOW_SECONDS };
const GRACE = loadConfig({ LINK_RESUME_SECONDS: 10 });

function timeProblem(resuming: boolean, nowMs: number): unknown {
  try {
    checkLinkTime(LATE, { resuming }, GRACE, nowMs);
  } catch (error) {
    return error;
  }
  return undefined;
}

test("a link opens until its time", () => {
  expect(timeProblem(false, NOW_MS - 1)).toBe(undefined);
  expect(timeProblem(false, NOW_MS)).toMatchObject({
    code: "link-expired",
    message:
      "Cannot open the link: it expired at 2026-11-20T12:00:00.000Z; ask whoever gave it for a new one",
  });
});

test("a download that resumes has LINK_RESUME_SECONDS longer", () => {
  expect(timeProblem(true, NOW_MS)).toBe(undefined);
  expect(timeProblem(true, NOW_MS + 9999)).toBe(undefined);
  expect(timeProblem(true, NOW_MS + 10_000)).toMatchObject({ code: "link-expired" });
});
