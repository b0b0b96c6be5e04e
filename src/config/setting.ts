/**
 * Reading one setting: its raw value out of the environment, and the error that names it.
 *
 * A value arrives as text (`--var`, `.dev.vars`, a secret) or as what a TOML table or number became; both are taken.
 * A service that is misconfigured tells every caller so, hence no message here repeats a secret, not even in part:
 * entries of a secret are named by their place, and the parser's own messages, which quote their input, are dropped.
 */

import type { Env } from "../env.ts";
import { RegistryError } from "../errors.ts";
import { quote } from "../oci/quote.ts";
import { topLevelKeys } from "./top-level-keys.ts";

/** The settings among the members of {@link Env}: those that it leaves `unknown`, as bindings have a type. */
export type SettingName = keyof { [K in keyof Env as unknown extends Env[K] ? K : never]: true };

/** The part of the environment that holds settings. */
export type Settings = Pick<Env, SettingName>;

/** One member of a setting that is a JSON object. */
export interface SettingEntry {
  readonly key: string;
  readonly value: unknown;
  /** How a message names this entry: its quoted key or, in a secret, its place. */
  readonly where: string;
}

/** A setting that is a JSON object. */
export interface EntriesSetting {
  /** In the order of the text where the setting is text, else in the order that JavaScript gives. */
  readonly entries: readonly SettingEntry[];
  /** False where JavaScript may have changed the order: it moves keys that are whole numbers to the front. */
  readonly ordered: boolean;
}

const SECRETS: ReadonlySet<SettingName> = new Set(["UPSTREAM_CREDENTIALS", "ACCESS_TOKENS", "LINK_KEYS"]);

/** Whether nothing of a setting's value may be shown. */
export function isSecret(name: SettingName): boolean {
  return SECRETS.has(name);
}

/** The error for a setting. `problem` says what is wrong and must hold nothing of a secret. */
export function badSetting(name: SettingName, problem: string): RegistryError {
  return new RegistryError("bad-configuration", `Cannot use setting "${name}": ${problem}`);
}

/** What kind of thing a value is, for messages: "a number", "nothing". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/**
 * A setting that is text, without the spaces around it. Text that is itself a JSON string is unwrapped, because
 * settings may be given as JSON.
 * @returns the text, `undefined` where it is not set, or the raw value where it is no text.
 * @throws {RegistryError} `bad-configuration` when the text is empty: most likely a broken script, so not "not set".
 */
export function readText(settings: Settings, name: SettingName): unknown {
  const value = settings[name];
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (text === "") throw badSetting(name, "it is empty; give it a value, or leave it out for the default");
  return text.startsWith('"') ? parseJson(name, text) : text;
}

/**
 * A setting that is a JSON object, as text or as an object.
 * @returns its entries, or `undefined` where it is not set.
 * @throws {RegistryError} `bad-configuration` when it is not a JSON object, or names a key twice.
 */
export function readEntries(settings: Settings, name: SettingName): EntriesSetting | undefined {
  const raw = settings[name];
  if (raw === undefined) return undefined;
  if (typeof raw === "string" && raw.trim() === "") {
    throw badSetting(
      name,
      "it is empty; give it a JSON object ({} for none), or leave it out for the default",
    );
  }
  const value = typeof raw === "string" ? parseJson(name, raw) : raw;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badSetting(name, `expected a JSON object, found ${kindOf(value)}`);
  }

  const keys = typeof raw === "string" ? topLevelKeys(raw) : Object.keys(value);
  const members = new Map(Object.entries(value));
  const entries = keys.map((key, index) => ({
    key,
    value: members.get(key),
    where: isSecret(name) ? `entry ${index + 1}` : quote(key, 100),
  }));
  refuseRepeatedKeys(name, entries);
  const ordered = typeof raw === "string" || keys.length < 2 || !keys.some((key) => /^\d+$/.test(key));
  return { entries, ordered };
}

/**
 * A setting that is a list: a JSON list, as text or as a list, or text that is its only item.
 * @returns its items, or `undefined` where it is not set.
 * @throws {RegistryError} `bad-configuration` when it is neither.
 */
export function readList(settings: Settings, name: SettingName): readonly unknown[] | undefined {
  const value = readText(settings, name);
  if (value === undefined) return undefined;
  const items = typeof value === "string" && value.startsWith("[") ? parseJson(name, value) : value;
  if (typeof items === "string") return [items];
  if (Array.isArray(items)) return items;
  throw badSetting(name, `expected text or a JSON list, found ${kindOf(items)}`);
}

function refuseRepeatedKeys(name: SettingName, entries: readonly SettingEntry[]): void {
  const seen = new Map<string, SettingEntry>();
  for (const entry of entries) {
    const before = seen.get(entry.key);
    if (before !== undefined) {
      throw badSetting(
        name,
        isSecret(name)
          ? `${before.where} and ${entry.where} have the same name; keep one`
          : `${entry.where} is there twice; keep one`,
      );
    }
    seen.set(entry.key, entry);
  }
}

function parseJson(name: SettingName, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badSetting(name, `it is not valid JSON${isSecret(name) ? "" : positionIn(error)}`);
  }
}

/** Where V8 stopped reading: the end of its message, as the rest quotes the text. */
function positionIn(error: unknown): string {
  const match =
    error instanceof Error ? /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(error.message) : null;
  return match === null ? "" : ` (see its character ${Number(match[1]) + 1})`;
}
