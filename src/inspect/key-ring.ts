/** The trusted keys, ready for use. */

import type { PublicKey } from "openpgp";
import type { Config } from "../config.ts";
import { badSetting } from "../config/setting.ts";
import { lookUpKey } from "./key-server.ts";
import { loadOpenPgp } from "./pgp-check.ts";

/** Keys that may have made a signature. */
export interface KeyRing {
  readonly keys: readonly PublicKey[];
  /** Why keys that would matter are missing; empty where none is. */
  readonly problems: readonly string[];
}

/** The keys given as such, by the configuration that has them: reading one takes milliseconds. */
const armoredKeys = new WeakMap<Config, readonly PublicKey[]>();

/**
 * The trusted keys: those that are configured as such, and, fetched from the key server, those of the fingerprints that
 * signatures name. A fingerprint that no signature names is not asked for.
 * @param fingerprints as signatures have them, lower-case hex: hints, by which nothing becomes trusted
 * @throws {RegistryError} `bad-configuration` where a configured key cannot be read.
 */
export async function keyRing(
  config: Config,
  fingerprints: ReadonlySet<string>,
  nowMs: number,
): Promise<KeyRing> {
  const keys = [...(await configuredKeys(config))];
  const problems: string[] = [];
  for (const trusted of config.trustedKeys) {
    if (!("fingerprint" in trusted) || !fingerprints.has(trusted.fingerprint)) continue;
    if (config.keyserver === undefined) continue;
    const lookup = await lookUpKey(config.keyserver, trusted.fingerprint, nowMs);
    if ("key" in lookup) keys.push(lookup.key);
    else problems.push(lookup.problem);
  }
  return { keys, problems };
}

async function configuredKeys(config: Config): Promise<readonly PublicKey[]> {
  const known = armoredKeys.get(config);
  if (known !== undefined) return known;
  const { readKeys } = await loadOpenPgp();
  const keys: PublicKey[] = [];
  for (const [index, trusted] of config.trustedKeys.entries()) {
    if (!("armored" in trusted)) continue;
    try {
      const read = await readKeys({ armoredKeys: trusted.armored });
      keys.push(...read.map((key) => key.toPublic()));
    } catch (error) {
      const found = error instanceof Error ? error.message : "unknown format";
      throw badSetting("TRUSTED_KEYS", `key ${index + 1} cannot be read (${found}); export it again`);
    }
  }
  armoredKeys.set(config, keys);
  return keys;
}
