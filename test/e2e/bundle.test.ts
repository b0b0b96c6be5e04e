import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
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

/** Builds what would be deployed; the answer is what wrangler says. */
async function dryRun(...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", ...options],
    {
      cwd: ROOT,
      env: { ...process.env, ...QUIET_WRANGLER },
    },
  );
  return stdout;
}

test("what is deployed holds the dependencies that the README gives a reason for, and nothing else", async () => {
  const directory = await makeTempDir();
  const metafile = path.join(directory, "meta.json");
  await dryRun("--env=", `--outdir=${directory}`, `--metafile=${metafile}`);
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

test("staging is the same service with a name, a bucket, objects and a domain of its own", async () => {
  const config = path.join(ROOT, "wrangler.toml");
  const production = readConfig({ config });
  const staging = readConfig({ config, env: "staging" });
  expect(production.r2_buckets).toEqual([{ binding: "BUCKET", bucket_name: "sif-edge" }]);
  expect(staging.name).toBe("sif-edge-staging");
  expect(staging.r2_buckets).toEqual([{ binding: "BUCKET", bucket_name: "sif-edge-staging" }]);
  // Whatever it does not name again, where it has to, would be missing there.
  const own = { name: "", targetEnvironment: "", r2_buckets: [], routes: [], workers_dev: true };
  expect({ ...staging, ...own }).toEqual({ ...production, ...own });

  const said = await dryRun("--env=staging");
  expect(said).toMatch(/env\.BUCKET \(sif-edge-staging\)/);
  for (const { name, class_name } of production.durable_objects.bindings) {
    expect(said).toContain(`env.${name} (${class_name})`);
  }
  // What it does not empty it inherits: the domain of the service that it stages.
  expect(staging.routes).toEqual([]);
});
