/** Settings that are one of a few words. */

import { z } from "zod";
import { quote } from "../oci/quote.ts";
import { badSetting, kindOf, readText, type SettingName, type Settings } from "./setting.ts";

/**
 * A word out of a list.
 * @returns the word, or `undefined` where it is not set.
 * @throws {RegistryError} `bad-configuration` when it is not in the list.
 */
export function readWord<const T extends string>(
  settings: Settings,
  name: SettingName,
  words: readonly T[],
): T | undefined {
  const value = readText(settings, name);
  if (value === undefined) return undefined;
  const result = z.enum(words).safeParse(value);
  if (result.success) return result.data;
  const found = typeof value === "string" ? quote(value, 40) : kindOf(value);
  throw badSetting(name, `expected one of ${words.join(", ")}, found ${found}`);
}
