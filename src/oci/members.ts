/**
 * Typed reading of the members of a manifest. A member that is `null` counts as absent, as it does for the Go programs
 * that most manifests are written and read with.
 */

import { RegistryError } from "../errors.ts";
import { quote } from "./quote.ts";

/** A JSON object. */
export type Members = Readonly<Record<string, unknown>>;

/** The error for a manifest that cannot be read; `fault` says where and why. */
export function invalidManifest(fault: string): RegistryError {
  return new RegistryError("invalid-manifest", `Cannot read manifest: ${fault}`);
}

/**
 * The value as an object.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readObject(value: unknown, path: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw invalidManifest(`${path} is ${show(value)}, expected an object`);
}

/**
 * A member that must be there and be text.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readText(members: Members, name: string, path: string): string {
  const value = readOptionalText(members, name, path);
  if (value === undefined || value === "") throw invalidManifest(`${join(path, name)} is missing or empty`);
  return value;
}

/**
 * A member that is text where it is there.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readOptionalText(members: Members, name: string, path: string): string | undefined {
  const value = readMember(members, name);
  if (value === undefined || typeof value === "string") return value;
  throw invalidManifest(`${join(path, name)} is ${show(value)}, expected a string`);
}

/**
 * A member that is a list where it is there.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readList(members: Members, name: string, path: string): readonly unknown[] | undefined {
  const value = readMember(members, name);
  if (value === undefined || Array.isArray(value)) return value;
  throw invalidManifest(`${join(path, name)} is ${show(value)}, expected a list`);
}

/**
 * A member that must be there and be a number of bytes that a `number` holds exactly.
 * @throws {RegistryError} `invalid-manifest`
 */
export function readSize(members: Members, name: string, path: string): number {
  const value = readMember(members, name);
  // Adding 0 makes a plain zero of JSON's "-0".
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value + 0;
  throw invalidManifest(`${join(path, name)} is ${show(value)}, expected a whole number of bytes`);
}

/**
 * A member that maps names to texts where it is there (OCI image specification 1.1, annotations.md).
 * @throws {RegistryError} `invalid-manifest`
 */
export function readTextMap(
  members: Members,
  name: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const value = readMember(members, name);
  if (value === undefined) return undefined;
  const map = readObject(value, join(path, name));
  const entries = Object.keys(map).flatMap((key): [string, string][] => {
    const text = readOptionalText(map, key, join(path, name));
    return text === undefined ? [] : [[key, text]];
  });
  // fromEntries defines members, so that one named "__proto__" is a member like any other.
  return Object.fromEntries(entries);
}

/** A member's value; `undefined` when it is absent or null. */
export function readMember(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? (members[name] ?? undefined) : undefined;
}

/** The path of a member for a message. */
export function join(path: string, name: string): string {
  const shown = /^[\w.-]{1,64}$/.test(name) ? name : quote(name, 64);
  return path === "" ? shown : `${path}.${shown}`;
}

function show(value: unknown): string {
  if (value === undefined || value === null) return "missing";
  if (typeof value === "string") return quote(value, 64);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}
