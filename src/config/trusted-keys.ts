/** The settings `TRUSTED_KEYS` and `KEYSERVER`: whose signatures count. */

import { quote } from "../oci/quote.ts";
import { badSetting, kindOf, readList, readText, type Settings } from "./setting.ts";
import { parseOrigin } from "./upstream-url.ts";

/** A trusted OpenPGP key: the key itself, or the fingerprint by which a key server has it. */
export type TrustedKey = { readonly armored: string } | { readonly fingerprint: string };

/** The settings about trusted keys. */
export interface TrustSettings {
  /** Empty where no signature is checked. */
  readonly trustedKeys: readonly TrustedKey[];
  /** Origin of the key server that has the keys given as fingerprints. */
  readonly keyserver: string | undefined;
}

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[^]*?-----END PGP PUBLIC KEY BLOCK-----/g;
/** Of OpenPGP versions 4 and 6 (RFC 9580 section 5.5.4). */
const FINGERPRINT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Packet type of a public key (RFC 9580 section 5), in the octets that both header formats begin with. */
const PUBLIC_KEY_PACKET = 6;
const MAX_KEYS = 100;

/**
 * The trusted keys. Their form is checked here; a key's own signatures and dates are looked at when it is used.
 * @throws {RegistryError} `bad-configuration`
 */
export function readTrust(settings: Settings): TrustSettings {
  const keyserver = readKeyserver(settings);
  const trustedKeys = (readList(settings, "TRUSTED_KEYS") ?? []).flatMap(readKeys);
  if (trustedKeys.length > MAX_KEYS) {
    throw badSetting("TRUSTED_KEYS", `it has ${trustedKeys.length} keys, at most ${MAX_KEYS} are checked`);
  }
  if (keyserver === undefined && trustedKeys.some((key) => "fingerprint" in key)) {
    throw badSetting(
      "TRUSTED_KEYS",
      "it has a fingerprint; set KEYSERVER to where its key is, or give the armored key",
    );
  }
  return { trustedKeys, keyserver };
}

function readKeyserver(settings: Settings): string | undefined {
  const value = readText(settings, "KEYSERVER");
  if (value === undefined) return undefined;
  const origin = typeof value === "string" ? parseOrigin(value) : { problem: "" };
  if ("address" in origin && origin.address.startsWith("https:")) return origin.address;
  throw badSetting(
    "KEYSERVER",
    "expected the https address of a key server, such as https://keys.openpgp.org",
  );
}

/** One item may hold several armored keys, as an export of several does. */
function readKeys(item: unknown, index: number): TrustedKey[] {
  const where = `item ${index + 1}`;
  if (typeof item !== "string") {
    throw badSetting("TRUSTED_KEYS", `${where}: expected an armored public key, found ${kindOf(item)}`);
  }
  if (item.includes("PRIVATE KEY")) {
    throw badSetting(
      "TRUSTED_KEYS",
      `${where}: it is a private key; give the public one, and keep that one secret`,
    );
  }
  const fingerprint = item.replace(/^\s*0x|[\s:]/g, "").toLowerCase();
  if (FINGERPRINT.test(fingerprint)) return [{ fingerprint }];
  const blocks = item.match(BLOCK) ?? [];
  if (blocks.length === 0 || item.replace(BLOCK, "").trim() !== "") {
    throw badSetting(
      "TRUSTED_KEYS",
      `${where}: expected an armored public key ("-----BEGIN PGP PUBLIC KEY BLOCK-----" to its end line) or a fingerprint of 40 digits, found ${quote(item, 40)}`,
    );
  }
  for (const block of blocks) checkBlock(block, where);
  return blocks.map((armored) => ({ armored }));
}

/** Whether a block decodes and begins with a public key: what a bad copy most often breaks. */
function checkBlock(block: string, where: string): void {
  const lines = block.split("\n").map((line) => line.trim());
  const body = lines.slice(lines.indexOf("") + 1, -1).filter((line) => !/^=.{4}$/.test(line));
  let first: number | undefined;
  try {
    first = lines.includes("") ? atob(body.join("")).charCodeAt(0) : undefined;
  } catch {
    first = undefined;
  }
  if (first !== undefined && packetType(first) === PUBLIC_KEY_PACKET) return;
  throw badSetting(
    "TRUSTED_KEYS",
    `${where}: its armored text does not hold a public key; line breaks, the empty line above the key included, have to be kept (as \\n within JSON)`,
  );
}

/** RFC 9580 section 4.2. */
function packetType(octet: number): number | undefined {
  if ((octet & 0x80) === 0) return undefined;
  return (octet & 0x40) === 0 ? (octet >> 2) & 0x0f : octet & 0x3f;
}
