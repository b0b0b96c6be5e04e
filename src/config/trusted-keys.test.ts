import { beforeAll, describe, expect, test } from "vitest";
import { makeSigningKey, type SigningKey } from "../../test/support/signed-sif.ts";
import { loadConfig, type Settings } from "../config.ts";

const FINGERPRINT = "1137e72e6816bfc06d9caa0d15f3f4f4f14b03b2";
const KEYSERVER = "https://keys.example.org";

let key: SigningKey;

beforeAll(async () => {
  key = await makeSigningKey("key");
});

function problemOf(settings: Settings): string {
  try {
    loadConfig(settings);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

describe("TRUSTED_KEYS", () => {
  test("are none where nothing is set", () => {
    expect(loadConfig({})).toMatchObject({ trustedKeys: [], keyserver: undefined });
  });

  test("may be one armored key, several in one text, or a list, as text or not", () => {
    const armored = { armored: key.publicKey.trim() };
    for (const TRUSTED_KEYS of [key.publicKey, [key.publicKey], JSON.stringify([key.publicKey])]) {
      expect(loadConfig({ TRUSTED_KEYS }).trustedKeys).toEqual([armored]);
    }
    const both = `${key.publicKey}\n${key.publicKey.replaceAll("\n", "\r\n")}`;
    expect(loadConfig({ TRUSTED_KEYS: both }).trustedKeys).toHaveLength(2);
  });

  test("may have comments in their armor", () => {
    const TRUSTED_KEYS = key.publicKey.replace("BLOCK-----\n", "BLOCK-----\nComment: by-hand\n");
    expect(loadConfig({ TRUSTED_KEYS }).trustedKeys).toHaveLength(1);
  });

  test.each([
    FINGERPRINT,
    `0x${FINGERPRINT.toUpperCase()}`,
    "1137 E72E 6816 BFC0 6D9C  AA0D 15F3 F4F4 F14B 03B2",
  ])("may be the fingerprint %s", (text) => {
    expect(loadConfig({ TRUSTED_KEYS: [text], KEYSERVER })).toMatchObject({
      trustedKeys: [{ fingerprint: FINGERPRINT }],
      keyserver: KEYSERVER,
    });
  });

  test.each<[what: string, value: () => unknown, problem: string]>([
    ["a number", () => 5, "expected text or a JSON list, found a number"],
    ["a list of numbers", () => [5], "item 1: expected an armored public key, found a number"],
    ["other text", () => ["hello"], 'item 1: expected an armored public key ("-----BEGIN'],
    ["half a fingerprint", () => [FINGERPRINT.slice(20)], "item 1: expected"],
    ["text around a key", () => `see ${key.publicKey}`, "item 1: expected"],
    ["a key on one line", () => key.publicKey.replaceAll("\n", " "), "line breaks"],
    [
      "a key without its beginning",
      () => key.publicKey.replace(/\n\n.{4}/, "\n\n"),
      "does not hold a public key",
    ],
    ["a fingerprint without KEYSERVER", () => [FINGERPRINT], "set KEYSERVER"],
    ["too many", () => JSON.stringify(Array.from({ length: 101 }, () => FINGERPRINT)), "at most 100"],
    ["broken JSON", () => "[", "not valid JSON"],
    ["nothing", () => "", "it is empty"],
  ])("may not be %s", (_what, value, problem) => {
    const message = problemOf({ TRUSTED_KEYS: value() });
    expect(message).toContain('Cannot use setting "TRUSTED_KEYS": ');
    expect(message).toContain(problem);
  });

  test("may not be a private key, and none of it is told", () => {
    const armored = key.privateKey.armor();
    const message = problemOf({ TRUSTED_KEYS: armored });
    expect(message).toContain("private key");
    expect(message).not.toContain(armored.split("\n")[3]);
  });
});

describe("KEYSERVER", () => {
  test.each([
    "http://keys.example.org",
    "keys.example.org",
    "https://a:b@keys.example.org",
    "hkps://keys.example.org",
    5,
  ])("may not be %s", (value) => {
    expect(problemOf({ KEYSERVER: value })).toContain('"KEYSERVER": expected the https address');
  });
});

describe("requiring signatures", () => {
  const upstreams = { UPSTREAMS: { lab: { url: "https://lab.example.org", requireSignature: true } } };

  test("can be said of an upstream and of the service's own repositories", () => {
    const config = loadConfig({ ...upstreams, LOCAL_REQUIRE_SIGNATURE: "true", TRUSTED_KEYS: key.publicKey });
    expect(config.upstreams.get("lab")?.requireSignature).toBe(true);
    expect(config.localRequireSignature).toBe(true);
    expect(loadConfig({}).localRequireSignature).toBe(false);
    expect(loadConfig({ LOCAL_REQUIRE_SIGNATURE: false }).localRequireSignature).toBe(false);
  });

  test("needs trusted keys", () => {
    expect(problemOf(upstreams)).toContain('"UPSTREAMS": "lab": signatures are required, but TRUSTED_KEYS');
    expect(problemOf({ LOCAL_REQUIRE_SIGNATURE: true })).toContain('"LOCAL_REQUIRE_SIGNATURE": signatures');
  });

  test("is true or false", () => {
    expect(problemOf({ LOCAL_REQUIRE_SIGNATURE: "yes" })).toContain('expected true or false, found "yes"');
    const odd = { lab: { url: "https://lab.example.org", requireSignature: "yes" } };
    expect(problemOf({ UPSTREAMS: odd })).toContain('field "requireSignature": expected true or false');
  });
});
