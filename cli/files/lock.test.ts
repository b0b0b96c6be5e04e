import { spawnSync } from "node:child_process";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeTempDir, removeTempDir } from "../../test/support/temp-dir.ts";
import { takeLock } from "./lock.js";

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await makeTempDir();
  file = path.join(directory, "x.lock");
});

afterEach(() => removeTempDir(directory));

async function isFree(): Promise<boolean> {
  const lock = await takeLock(file);
  if (!("release" in lock)) return false;
  await lock.release();
  return true;
}

describe("takeLock()", () => {
  test("gives it to one at a time, and tells the others who has it", async () => {
    const lock = await takeLock(file);
    expect(await takeLock(file)).toEqual({ owner: { pid: process.pid, host: hostname() } });
    if ("release" in lock) await lock.release();
    expect(await readdir(directory)).toEqual([]);
    expect(await isFree()).toBe(true);
  });

  test("takes it from a process that is dead", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await writeFile(file, JSON.stringify({ pid, host: hostname() }));
    expect(await isFree()).toBe(true);
  });

  test("leaves it to a process of another machine while that touches it", async () => {
    await writeFile(file, JSON.stringify({ pid: 1, host: "another.example" }));
    expect(await isFree()).toBe(false);
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(file, longAgo, longAgo);
    expect(await isFree()).toBe(true);
  });

  test("leaves one that is just being written", async () => {
    await writeFile(file, "");
    expect(await isFree()).toBe(false);
  });
});
