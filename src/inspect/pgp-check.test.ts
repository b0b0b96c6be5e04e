import { createCleartextMessage, generateKey, type PublicKey, readKey, revokeKey, sign } from "openpgp";
import { beforeAll, describe, expect, test } from "vitest";
import { readSample } from "../../test/support/sif-samples.ts";
import { clearSign, makeSigningKey, type SigningKey } from "../../test/support/signed-sif.ts";
import { decodeText } from "../sif/text.ts";
import { checkClearSigned } from "./pgp-check.ts";

const DAY_MS = 86_400_000;
const TEXT = '{"version":1,\n - "a":"- b"}';

let signer: SigningKey;
let other: SigningKey;

beforeAll(async () => {
  signer = await makeSigningKey("signer", { created: new Date(Date.now() - 30 * DAY_MS) });
  other = await makeSigningKey("other");
});

async function keysOf(...keys: SigningKey[]): Promise<PublicKey[]> {
  return Promise.all(keys.map(({ publicKey }) => readKey({ armoredKey: publicKey })));
}

async function check(armored: string, keys: readonly SigningKey[], nowMs = Date.now()) {
  return checkClearSigned(armored, await keysOf(...keys), nowMs);
}

/** Changes one digit of the signature's base64. */
function changeSignature(armored: string): string {
  const at = armored.indexOf("-----BEGIN PGP SIGNATURE-----") + 80;
  return armored.slice(0, at) + (armored[at] === "A" ? "B" : "A") + armored.slice(at + 1);
}

describe("checkClearSigned()", () => {
  test("tells who made a good signature", async () => {
    expect(await check(await clearSign(TEXT, signer), [other, signer])).toEqual({
      status: "valid",
      signedBy: "signer <signer@example.org>",
      keyFingerprint: signer.fingerprint,
      detail: null,
    });
  });

  test("takes that of a file which the reference library signed", async () => {
    const file = decodeText(readSample("one-group-signed-pgp.sif"));
    const armored = file.slice(file.indexOf("-----BEGIN PGP SIGNED MESSAGE-----"));
    const keys = [await readKey({ armoredKey: decodeText(readSample("signer.asc")) })];
    expect(await checkClearSigned(armored, keys, Date.now())).toMatchObject({
      status: "valid",
      signedBy: "Unit Test <unit@test.com>",
      keyFingerprint: "12045c8c0b1004d058de4beda20c27ee7ff7ba84",
    });
  });

  test("takes one made with a subkey for its owner's", async () => {
    const { privateKey } = await generateKey({
      userIDs: [{ name: "with subkey" }],
      subkeys: [{ sign: true }],
      format: "object",
    });
    const fingerprint = privateKey.getFingerprint();
    const key = { privateKey, publicKey: privateKey.toPublic().armor(), fingerprint };
    const armored = await clearSign(TEXT, key);
    expect(await check(armored, [key])).toMatchObject({ status: "valid", keyFingerprint: fingerprint });
  });

  test("names nobody whom the key does not vouch for", async () => {
    const [key, stranger] = await keysOf(signer, other);
    key?.users.unshift(...(stranger?.users ?? []));
    const publicKey = key?.armor() ?? "";
    expect((await readKey({ armoredKey: publicKey })).getUserIDs()[0]).toContain("other");
    expect(await check(await clearSign(TEXT, signer), [{ ...signer, publicKey }])).toMatchObject({
      status: "valid",
      signedBy: "signer <signer@example.org>",
    });
  });

  test("finds the trusted one among several", async () => {
    const message = await createCleartextMessage({ text: TEXT });
    const armored = await sign({ message, signingKeys: [other.privateKey, signer.privateKey] });
    expect(await check(armored, [signer])).toMatchObject({ status: "valid" });
    expect(await check(armored, [other])).toMatchObject({ status: "valid" });
  });

  test.each<[what: string, change: (armored: string) => string]>([
    ["its text", (armored) => armored.replace('"version":1', '"version":2')],
    ["a line of it", (armored) => armored.replace(/\{"version":1,\r?\n/, "")],
    ["its signature", changeSignature],
  ])("finds that %s was changed", async (_what, change) => {
    const armored = await clearSign(TEXT, signer);
    const changed = change(armored);
    expect(changed).not.toBe(armored);
    expect((await check(changed, [signer])).status).toBe("invalid");
  });

  test("does not know who is not trusted", async () => {
    expect(await check(await clearSign(TEXT, signer), [other])).toMatchObject({
      status: "unknown-key",
      signedBy: null,
      keyFingerprint: null,
    });
    expect((await check(await clearSign(TEXT, signer), [])).status).toBe("unknown-key");
  });

  test("takes nothing of a key that has expired, whenever the signature says that it was made", async () => {
    const created = new Date(Date.now() - 10 * DAY_MS);
    const key = await makeSigningKey("brief", { created, lifetimeSeconds: 5 * 86_400 });
    const armored = await clearSign(TEXT, key, new Date(created.getTime() + DAY_MS));
    expect(await check(armored, [key], created.getTime() + 2 * DAY_MS)).toMatchObject({ status: "valid" });
    expect(await check(armored, [key])).toMatchObject({
      status: "invalid",
      keyFingerprint: key.fingerprint,
      detail: expect.stringMatching(/expired/),
    });
  });

  test("takes nothing of a key that was revoked", async () => {
    const armored = await clearSign(TEXT, signer);
    const { publicKey } = await revokeKey({
      key: signer.privateKey,
      reasonForRevocation: { flag: 3, string: "retired" },
      format: "armored",
    });
    expect(await check(armored, [{ ...signer, publicKey }])).toMatchObject({
      status: "invalid",
      keyFingerprint: signer.fingerprint,
      detail: expect.stringMatching(/revoked/),
    });
  });

  test("takes no signature of tomorrow", async () => {
    const armored = await clearSign(TEXT, signer, new Date(Date.now() + DAY_MS));
    expect((await check(armored, [signer])).status).toBe("invalid");
  });

  test.each<[what: string, armored: (sound: string) => string, status: string]>([
    ["nothing", () => "", "invalid"],
    ["no message", () => "hello", "invalid"],
    [
      "a message without its signature",
      (sound) => sound.slice(0, sound.indexOf("-----BEGIN PGP SIG")),
      "invalid",
    ],
    ["text before the message", (sound) => `text\n${sound}`, "invalid"],
    ["a header that no one signs", (sound) => sound.replace("Hash:", "Comment: trust me\nHash:"), "invalid"],
    ["a message of megabytes", (sound) => sound + "\n".repeat(2 ** 21), "not-checked"],
  ])("takes %s for what it is", async (_what, armored, status) => {
    const sound = await clearSign(TEXT, signer);
    expect((await check(armored(sound), [signer])).status).toBe(status);
  });

  test("looks at a bounded number of signatures", async () => {
    const message = await createCleartextMessage({ text: TEXT });
    const armored = await sign({ message, signingKeys: Array.from({ length: 9 }, () => signer.privateKey) });
    expect(await check(armored, [signer])).toMatchObject({
      status: "not-checked",
      detail: expect.stringContaining("9"),
    });
  });
});
