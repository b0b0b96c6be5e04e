import { execFileSync } from "node:child_process";
import { startDockerRegistry } from "../../test/support/docker-registry.ts";
import { TOOLS, findTool } from "../../test/support/tools.ts";
import { peakMemoryOfGroup } from "../peak-memory.ts";
import { REPOSITORY } from "../upstream.ts";
import { ACCEPT, registryPaths } from "./candidate.ts";
import type { Entry } from "./candidate.ts";

/** Debian's `docker-registry` as a pull-through cache. */
export function dockerRegistry(): Entry {
  const program = findTool("docker-registry");
  return {
    name: "docker-registry",
    about:
      program === undefined
        ? "pull-through cache"
        : `${versionOf(program)}, pull-through cache (proxy.remoteurl), files on disk`,
    ...(program === undefined && {
      missing: `docker-registry is not installed (${TOOLS["docker-registry"].install})`,
    }),
    async start(upstreamUrl) {
      const registry = await startDockerRegistry({ remoteUrl: upstreamUrl });
      return {
        ...registryPaths(REPOSITORY),
        port: Number(new URL(registry.url).port),
        headers: ACCEPT,
        peakMemoryBytes: () => peakMemoryOfGroup(registry.groupId()),
        crash: () => registry.crash(),
        stop: () => registry.stop(),
      };
    },
  };
}

/** `docker-registry github.com/docker/distribution 2.8.2+ds1` tells its version last. */
function versionOf(program: string): string {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "";
}
