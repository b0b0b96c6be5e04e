import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { QUIET_WRANGLER, WRANGLER } from "../../scripts/wrangler.ts";
import { makeTempDir, removeTempDir } from "../support/temp-dir.ts";

const ROOT = path.join(import.meta.dirname, "../..");

/** What a dependency of the README's brings along, and what for. */
const BROUGHT_ALONG: Readonly<Record<string, string>> = {
  "@asteasolutions/zod-to-openapi": "@hono/zod-openapi: the description's generator",
  "@hono/zod-validator": "@hono/zod-openapi: its validation",
  "tldts-core": "tldts: the parser around the list",
};

/** Served to browsers as they are: text to the bundler, which does not count text among its inputs. */
const SERVED_AS_FILES: readonly string[] = ["swagger-ui-dist", "uqr"];

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>;
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}

test("what is deployed holds the dependencies that the README gives a reason for, and nothing else", async () => {
  const directory = await makeTempDir();
  const metafile = path.join(directory, "meta.json");
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", `--outdir=${directory}`, `--metafile=${metafile}`],
    { cwd: ROOT, env: { ...process.env, ...QUIET_WRANGLER } },
  );
  const { outputs } = await readJson<Metafile>(metafile);
  await removeTempDir(directory);
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set(
    files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
  );
  const { dependencies } = await readJson<{ dependencies: Record<string, string> }>(
    path.join(ROOT, "package.json"),
  );
  const readme = await readFile(path.join(ROOT, "README.md"), "utf8");

  const bundled = Object.keys(dependencies).filter((name) => !SERVED_AS_FILES.includes(name));
  expect([...packages].sort()).toEqual([...bundled, ...Object.keys(BROUGHT_ALONG)].sort());
  expect(Object.keys(dependencies).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  const own = files.filter((file) => !file.includes("node_modules/"));
  expect(own.filter((file) => !/^src\/|^package\.json$/.test(file))).toEqual([]);
});
