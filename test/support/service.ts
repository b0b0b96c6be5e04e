import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { startProcessGroup, waitForOutput } from "./process-group.ts";
import type { ProcessGroup } from "./process-group.ts";
import { secretIn, testSecrets } from "./secret-watch.ts";
import { makeTempDir, removeTempDir } from "./temp-dir.ts";

const START = path.join(import.meta.dirname, "../../scripts/start.ts");
const START_MS = 60_000;

/** Options of {@link startService}. */
export interface StartServiceOptions {
  /** Settings and secrets; whatever is not a string is given as JSON. */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** Directory of the R2 bucket and the Durable Objects. @default one of its own, removed by `stop()` */
  readonly persistTo?: string;
  /** @default a free one */
  readonly port?: number;
}

/** The service in processes of its own, as `npm start` runs it. */
export interface Service {
  /** Its address, without a trailing slash; the same after a restart. */
  readonly url: string;
  /** Directory of its data. */
  readonly persistTo: string;
  /** The group of its processes, another one after a restart. */
  groupId(): number;
  /** What it has written since it was last started. */
  output(): string;
  /** Ends it in good order and removes what is its own. */
  stop(): Promise<void>;
  /** Ends it as a crash would: SIGKILL to wrangler and workerd, at once. Its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same data and address; ends it in good order first where it still runs. */
  restart(): Promise<void>;
}

/**
 * Starts the service on real sockets by what `npm start` runs, and waits until it answers. The project's own
 * `.dev.vars` is not read.
 *
 * @throws Error with what it wrote where it does not start within 60 s
 */
export async function startService(options: StartServiceOptions = {}): Promise<Service> {
  const scratch = await makeTempDir();
  const persistTo = options.persistTo ?? path.join(scratch, "state");
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  // Naming any env file keeps the project's own .dev.vars out.
  const envFile = path.join(scratch, "empty.env");
  await writeFile(envFile, "");

  const args = [
    START,
    `--port=${port}`,
    "--inspector-port=0",
    `--persist-to=${persistTo}`,
    `--env-file=${envFile}`,
  ];
  for (const [name, value] of Object.entries(options.vars ?? {})) {
    args.push("--var", `${name}:${typeof value === "string" ? value : JSON.stringify(value)}`);
  }

  async function start(): Promise<ProcessGroup> {
    const group = await startProcessGroup(process.execPath, args, {
      env: {
        // Apart from other instances on this machine, which have the same name.
        WRANGLER_REGISTRY_PATH: path.join(scratch, "registry"),
        WRANGLER_LOG_PATH: path.join(scratch, "logs"),
      },
    });
    try {
      await waitForOutput(group, /Ready on /, START_MS);
      await answers(`${url}/healthz`);
    } catch (error) {
      await group.kill();
      throw error;
    }
    return group;
  }

  let group = await start();
  return {
    url,
    persistTo,
    groupId: () => group.pid,
    output: () => group.output(),
    async stop() {
      await group.stop();
      refuseSecrets(group.output(), options.vars ?? {});
      await removeTempDir(scratch);
    },
    kill: () => group.kill(),
    async restart() {
      await group.stop();
      group = await start();
    },
  };
}

/** Fails where the service itself has logged a secret; wrangler, which shows its settings, is not the service. */
function refuseSecrets(output: string, vars: Readonly<Record<string, unknown>>): void {
  const secrets = ["LINK_KEYS", "UPSTREAM_CREDENTIALS"].flatMap((name) => textsIn(vars[name]));
  const lines = output.split("\n").filter((line) => line.startsWith('{"event"'));
  const found = lines.map((line) => secretIn(line, [...secrets, ...testSecrets()])).find(Boolean);
  if (found !== undefined) throw new Error(`The service has logged a secret: ${found}`);
}

/** Every text of a setting that is long enough to be a secret. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") {
    return value.startsWith("{") ? textsIn(JSON.parse(value)) : value.length < 8 ? [] : [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Waits for a response of any status. */
async function answers(url: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(5_000) });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
