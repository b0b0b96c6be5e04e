/** Checking one entry of a setting against its schema. */

import { z } from "zod";
import { quote } from "../oci/quote.ts";
import { badSetting, isSecret, kindOf, type SettingEntry, type SettingName } from "./setting.ts";

/**
 * An entry's value as its schema has it. Fields that the schema does not know are an error, as they are most likely
 * misspelt; the schema must be strict for that, and its messages must repeat nothing of the value.
 * @throws {RegistryError} `bad-configuration` naming the setting, the entry, the field and what is wrong with it.
 */
export function checkEntry<T>(name: SettingName, entry: SettingEntry, schema: z.ZodType<T>): T {
  const result = schema.safeParse(entry.value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw badSetting(name, `${entry.where}: not valid`);
  throw badSetting(name, `${entry.where}${pathOf(issue)}: ${problemOf(name, entry.value, issue, schema)}`);
}

/** Only fields of the schema and places in lists occur in a path, so that it may be shown for secrets too. */
function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path
    .map((part) => (typeof part === "number" ? `, item ${part + 1}` : `, field "${String(part)}"`))
    .join("");
}

function problemOf(name: SettingName, value: unknown, issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code === "unrecognized_keys") {
    const known =
      schema instanceof z.ZodObject ? `; it may have ${Object.keys(schema.shape).join(", ")}` : "";
    const key = quote(issue.keys[0] ?? "", 40);
    return isSecret(name)
      ? `it has a field that is not known${known}`
      : `it has an unknown field ${key}${known}`;
  }
  const found = valueAt(value, issue.path);
  return typeof found === "string" ? issue.message : `${issue.message}, found ${kindOf(found)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}
