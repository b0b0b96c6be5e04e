import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { startProcessGroup, waitForOutput } from "./process-group.ts";
import type { ProcessGroup } from "./process-group.ts";
import { makeTempDir, removeTempDir } from "./temp-dir.ts";
import { requireTool } from "./tools.ts";

/** Options of {@link startDockerRegistry}. */
export interface StartDockerRegistryOptions {
  /** The one user it lets in, by Basic authentication. @default anyone may do anything */
  readonly htpasswd?: { readonly username: string; readonly password: string };
  /** Address of a registry that it is a pull-through cache of; nobody can push into it then. @default none */
  readonly remoteUrl?: string;
}

/** A real registry, the `docker-registry` of Debian, that forgets everything when it is stopped. */
export interface DockerRegistry {
  /** Its address, without a trailing slash. */
  readonly url: string;
  /** `host:port`, as clients' references have it. */
  readonly host: string;
  /** Value for an `Authorization` header where it wants one. */
  readonly authorization: string | undefined;
  /** The group of its processes, another one after a crash. */
  groupId(): number;
  /** Ends it as a crash would (SIGKILL), and starts it again on the same data and address. */
  crash(): Promise<void>;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/**
 * Starts a registry on a free port of 127.0.0.1. Deleting is allowed.
 *
 * @throws Error where `docker-registry`, or `htpasswd` where that is wanted, is not installed
 */
export async function startDockerRegistry(options: StartDockerRegistryOptions = {}): Promise<DockerRegistry> {
  const program = requireTool("docker-registry");
  const directory = await makeTempDir();
  const host = `127.0.0.1:${await freePort()}`;
  const config: Record<string, unknown> = {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: path.join(directory, "data") },
      // As Debian's own configuration has it.
      ...(options.remoteUrl !== undefined && { cache: { blobdescriptor: "inmemory" } }),
      delete: { enabled: true },
    },
    http: { addr: host },
    ...(options.remoteUrl !== undefined && { proxy: { remoteurl: options.remoteUrl } }),
  };
  if (options.htpasswd !== undefined) {
    const { username, password } = options.htpasswd;
    const file = path.join(directory, "htpasswd");
    // The registry takes bcrypt only.
    const { stdout } = await promisify(execFile)(requireTool("htpasswd"), ["-Bbn", username, password]);
    await writeFile(file, stdout);
    config["auth"] = { htpasswd: { realm: "test", path: file } };
  }
  const configFile = path.join(directory, "config.yml");
  await writeFile(configFile, JSON.stringify(config)); // YAML is a superset of JSON
  async function start(): Promise<ProcessGroup> {
    const started = await startProcessGroup(program, ["serve", configFile], {
      env: { OTEL_TRACES_EXPORTER: "none" },
    });
    try {
      await waitForOutput(started, /listening on /);
    } catch (error) {
      await started.kill();
      throw error;
    }
    return started;
  }
  let group = await start();
  return {
    url: `http://${host}`,
    host,
    authorization: options.htpasswd === undefined ? undefined : basic(options.htpasswd),
    groupId: () => group.pid,
    async crash() {
      await group.kill();
      group = await start();
    },
    async stop() {
      await group.kill();
      await removeTempDir(directory);
    },
  };
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
