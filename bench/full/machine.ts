import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "../..");

/** What the figures were measured on. */
export function machineFacts(): Record<string, string> {
  return {
    CPU: `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} cores`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: `${type()} ${release()}`,
  };
}

/** How many processes wanted a core in the last minute: more than there are cores, and others fall on the figures. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(2);
}

/** Versions of this service and of what it runs in. */
export function versionFacts(): Record<string, string> {
  const [workerd, wrangler, miniflare] = ["workerd", "wrangler", "miniflare"].map((name) =>
    versionIn(path.join(ROOT, "node_modules", name, "package.json")),
  );
  return {
    "sif-edge": `${versionIn(path.join(ROOT, "package.json"))}, commit ${commit()}`,
    node: process.version,
    workerd: workerd ?? "",
    wrangler: wrangler ?? "",
    miniflare: miniflare ?? "",
  };
}

function commit(): string {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "unknown";
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return version;
}
