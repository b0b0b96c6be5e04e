import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/support/free-port.ts";
import { startProcessGroup } from "../../test/support/process-group.ts";
import type { ProcessGroup } from "../../test/support/process-group.ts";
import { makeTempDir, removeTempDir } from "../../test/support/temp-dir.ts";
import { isExecutable } from "../../test/support/tools.ts";
import { peakMemoryOfGroup } from "../peak-memory.ts";
import { REPOSITORY } from "../upstream.ts";
import { ACCEPT, registryPaths } from "./candidate.ts";
import type { Entry } from "./candidate.ts";
import { nginxConfig } from "./nginx-config.ts";
import type { NginxOptions } from "./nginx-config.ts";

const START_MS = 10_000;

/**
 * nginx as a cache in front of the upstream, with processes and a directory of its own.
 *
 * @param sliced - whether it fetches and stores pieces as large as the service's, or blobs as a whole
 */
export function nginx({ sliced }: { readonly sliced: boolean }): Entry {
  const program = findNginx();
  const mode = sliced ? "proxy_cache_lock on, slice 16m" : "proxy_cache_lock on";
  return {
    name: sliced ? "nginx, sliced" : "nginx",
    about: program === undefined ? mode : `${versionOf(program)}, proxy_cache, ${mode}; verifies nothing`,
    ...(program === undefined && { missing: "nginx is not installed (apt-get install nginx-light)" }),
    async start(upstreamUrl) {
      if (program === undefined) throw new Error("Cannot start nginx: it is not installed");
      const directory = await makeTempDir();
      const port = await freePort();
      await mkdir(path.join(directory, "temp"));
      const options = { directory, port, upstream: new URL(upstreamUrl).host, sliced };
      let group = await startNginx(program, options);
      return {
        ...registryPaths(REPOSITORY),
        port,
        headers: ACCEPT,
        peakMemoryBytes: () => peakMemoryOfGroup(group.pid),
        async crash() {
          await group.kill();
          group = await startNginx(program, options);
        },
        async stop() {
          await group.stop();
          await removeTempDir(directory);
        },
      };
    },
  };
}

async function startNginx(program: string, options: NginxOptions): Promise<ProcessGroup> {
  const { directory, port } = options;
  const file = path.join(directory, "nginx.conf");
  await writeFile(file, nginxConfig(options));
  const group = await startProcessGroup(program, ["-p", directory, "-c", file, "-e", "stderr"]);
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return group;
    } catch (error) {
      if (group.ended() || Date.now() > deadline) {
        await group.kill();
        throw new Error(`Cannot start nginx; it wrote:\n${group.output()}`, { cause: error });
      }
      await sleep(20);
    }
  }
}

/** Debian keeps it where only root's PATH leads. */
function findNginx(): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin"];
  return directories.map((directory) => path.join(directory, "nginx")).find(isExecutable);
}

/** `nginx version: nginx/1.22.1`, on stderr. */
function versionOf(program: string): string {
  return spawnSync(program, ["-v"], { encoding: "utf8" }).stderr.trim().split("/").at(-1) ?? "";
}
