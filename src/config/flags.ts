/** Settings that are true or false. */

import { quote } from "../oci/quote.ts";
import { badSetting, kindOf, readText, type SettingName, type Settings } from "./setting.ts";

/**
 * True or false, given as such or as its text.
 * @returns the flag, or `undefined` where it is not set.
 * @throws {RegistryError} `bad-configuration` when it is anything else.
 */
export function readFlag(settings: Settings, name: SettingName): boolean | undefined {
  const value = readText(settings, name);
  if (value === undefined || typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  const found = typeof value === "string" ? quote(value, 40) : kindOf(value);
  throw badSetting(name, `expected true or false, found ${found}`);
}
