import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { copyFile, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Miniflare, convertV4MiniflareOptions, mergeWorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";
import { QUIET_WRANGLER, WRANGLER } from "../scripts/wrangler.ts";

import { makeTempDir, removeTempDir } from "../test/support/temp-dir.ts";
import { peakMemoryBytes } from "./peak-memory.ts";

const ROOT = path.join(import.meta.dirname, "..");

/** One workerd with the service and the floors in it, and a store that is empty at first. */
export interface Runtime {
  /** Another one after a crash. */
  readonly port: number;
  /** The largest memory that workerd has had since it was started, in bytes. */
  peakMemoryBytes(): number;
  /** Ends workerd as a crash would (SIGKILL), and starts another on the same store. */
  crash(): Promise<void>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/** A Worker's code, and the files that it has as text. */
export interface Bundle {
  readonly code: string;
  /** By the names that the code imports them under. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Bundles a Worker as it would be deployed. */
export async function bundle(main: string): Promise<Bundle> {
  const directory = await makeTempDir();
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", main, "--config=wrangler.toml", "--dry-run", `--outdir=${directory}`],
    {
      cwd: ROOT,
      env: { ...process.env, ...QUIET_WRANGLER },
    },
  );
  const entry = `${path.basename(main, ".ts")}.js`;
  const texts = new Map<string, string>();
  for (const name of await readdir(directory)) {
    if ([entry, `${entry}.map`, "README.md"].includes(name)) continue;
    texts.set(name, await readFile(path.join(directory, name), "utf8"));
  }
  const code = await readFile(path.join(directory, entry), "utf8");
  await removeTempDir(directory);
  return { code, texts };
}

/**
 * Starts a workerd with the bindings of `wrangler.toml`.
 *
 * @param bundle - what {@link bundle} made
 * @param vars - settings and secrets
 */
export async function startRuntime(
  { code, texts }: Bundle,
  vars: Readonly<Record<string, string>>,
): Promise<Runtime> {
  const store = await makeTempDir();
  // Read where no .dev.vars lies beside it: the settings are to be the same on every machine.
  const config = path.join(store, "wrangler.toml");
  await copyFile(path.join(ROOT, "wrangler.toml"), config);
  const { workerOptions } = workerOptionsOf(config);
  const options = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    handleStructuredLogs({ level, message }) {
      // The line for each request would bury the table.
      if (level !== "log") process.stderr.write(`${message}\n`);
    },
    resourcePersistencePath: path.join(store, "state"),
    workers: [
      {
        ...mergeWorkerOptions(workerOptions, { bindings: vars }),
        modules: [
          { type: "ESModule", path: "worker.js", contents: code },
          ...[...texts].map(([name, contents]) => ({ type: "Text" as const, path: name, contents })),
        ],
      },
    ],
  });
  let running = await startWorkerd(options);
  return {
    get port() {
      return running.port;
    },
    peakMemoryBytes: () => peakMemoryBytes(running.pid),
    async crash() {
      process.kill(running.pid, "SIGKILL");
      await running.miniflare.dispose();
      running = await startWorkerd(options);
    },
    async stop() {
      await running.miniflare.dispose();
      await removeTempDir(store);
    },
  };
}

interface RunningWorkerd {
  readonly miniflare: Miniflare;
  readonly port: number;
  readonly pid: number;
}

async function startWorkerd(options: ConstructorParameters<typeof Miniflare>[0]): Promise<RunningWorkerd> {
  const before = workerdProcesses();
  const miniflare = new Miniflare(options);
  const { port } = await miniflare.ready;
  const [pid] = workerdProcesses().filter((candidate) => !before.includes(candidate));
  if (pid === undefined)
    throw new Error("Cannot find the workerd that was started: none is a child of this process");
  return { miniflare, port: Number(port), pid };
}

/** Ids of the workerd processes that this process started. */
function workerdProcesses(): number[] {
  const children = readdirSync("/proc/self/task").flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8").trim().split(" "),
  );
  return children
    .filter((pid) => pid !== "" && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "workerd")
    .map(Number);
}
