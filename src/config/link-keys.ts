/** The secret setting `LINK_KEYS`: what download links are signed with. */

import { z } from "zod";
import { checkEntry } from "./entry.ts";
import { badSetting, readEntries, type Settings } from "./setting.ts";

/** A key for signing links. */
export interface LinkKey {
  /** Its public name, which every link carries. */
  readonly id: string;
  /** At least 32 bytes, as base64url without padding: text, because bytes cannot be frozen. */
  readonly secret: string;
}

/** As long as the hash's output: RFC 7518 section 3.2. */
const MIN_KEY_BYTES = 32;

const KEY = `expected base64 of ${MIN_KEY_BYTES} random bytes or more`;

const SCHEMA = z
  .string({ error: KEY })
  .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, { error: KEY })
  .transform((text) => text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""))
  .refine((text) => text.length % 4 !== 1, { error: KEY })
  .refine((text) => Math.floor((text.length * 3) / 4) >= MIN_KEY_BYTES, { error: `${KEY}, found fewer` });

/**
 * The link keys in the order of the setting: the first signs, all verify.
 * @returns an empty list where links are not configured.
 * @throws {RegistryError} `bad-configuration`
 */
export function readLinkKeys(settings: Settings): readonly LinkKey[] {
  const { entries, ordered } = readEntries(settings, "LINK_KEYS") ?? { entries: [], ordered: true };
  if (!ordered) {
    throw badSetting(
      "LINK_KEYS",
      "it is not text and has a key id that is a whole number, so its order is lost; give it as JSON text",
    );
  }
  return entries.map((entry) => {
    if (!/^[\w.@-]{1,64}$/.test(entry.key)) {
      throw badSetting(
        "LINK_KEYS",
        `${entry.where}: expected a key id of at most 64 letters, digits, dots, hyphens or underscores`,
      );
    }
    return { id: entry.key, secret: checkEntry("LINK_KEYS", entry, SCHEMA) };
  });
}
