/** Settings that are whole numbers. */

import { z } from "zod";
import { quote } from "../oci/quote.ts";
import { badSetting, kindOf, readText, type SettingName, type Settings } from "./setting.ts";

/** What values a setting takes, inclusive, in the unit that its name ends with. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** @default 1 */
  readonly multipleOf?: number;
}

/** RFC 8259 section 6, so that text means what the same JSON would. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A whole number, given as a number or as its text.
 * @returns the number, or `undefined` where it is not set.
 * @throws {RegistryError} `bad-configuration` when it is not a whole number in the range.
 */
export function readNumber(settings: Settings, name: SettingName, range: NumberRange): number | undefined {
  const raw = readText(settings, name);
  if (raw === undefined) return undefined;
  const { min, max, multipleOf = 1 } = range;
  const value = typeof raw === "string" && JSON_NUMBER.test(raw) ? Number(raw) : raw;
  const result = z.int().min(min).max(max).multipleOf(multipleOf).safeParse(value);
  if (result.success) return result.data;

  const shown = typeof raw === "string" ? quote(raw, 40) : kindOf(raw);
  const found = typeof value === "number" ? String(value) : shown;
  const step = multipleOf === 1 ? "" : ` and a multiple of ${multipleOf}`;
  throw badSetting(name, `expected a whole number from ${min} to ${max}${step}, found ${found}`);
}
