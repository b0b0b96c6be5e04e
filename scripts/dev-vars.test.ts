import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeTempDir, removeTempDir } from "../test/support/temp-dir.ts";
import { makeDevVars, writeDevVars } from "./dev-vars.ts";

let directory: string;

beforeEach(async () => {
  directory = await makeTempDir();
});

afterEach(() => removeTempDir(directory));

test("the admin token is stored as its hash only", () => {
  const { adminToken, text } = makeDevVars();
  expect(text).not.toContain(adminToken);
  expect(JSON.parse(parseEnv(text)["ACCESS_TOKENS"] ?? "")).toEqual({
    admin: {
      sha256: createHash("sha256").update(adminToken).digest("hex"),
      scopes: ["pull", "push", "link", "admin"],
      repositories: ["*"],
    },
  });
});

test("there is one link key of 32 bytes", () => {
  const keys: Record<string, string> = JSON.parse(parseEnv(makeDevVars().text)["LINK_KEYS"] ?? "");
  expect(Object.values(keys).map((key) => Buffer.from(key, "base64").length)).toEqual([32]);
});

test("no two are alike", () => {
  expect(makeDevVars().text).not.toBe(makeDevVars().text);
});

test("the file is for its owner alone", () => {
  const file = path.join(directory, ".dev.vars");
  expect(writeDevVars(file)).toBeTypeOf("string");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a file that is there stays as it is", () => {
  const file = path.join(directory, ".dev.vars");
  writeFileSync(file, "MINE=1\n");
  expect(writeDevVars(file)).toBeUndefined();
  expect(readFileSync(file, "utf8")).toBe("MINE=1\n");
});
