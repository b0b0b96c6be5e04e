/** Runs the command-line client as a user does: in a process of its own, with a home of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { isExecutable } from "./tools.ts";

const MAIN = path.join(import.meta.dirname, "../../cli/main.js");
const TIME_LIMIT_MS = 60_000;

/** How a run of the client ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link startCli}. */
export interface CliOptions {
  /** Stands for the home directory: what the client remembers is kept there. */
  readonly home: string;
  readonly server?: string;
  readonly token?: string;
  /** Standard input. @default nothing */
  readonly input?: string;
  /** @default the home */
  readonly cwd?: string;
}

/** A run of the client. */
export interface CliRun {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
}

/**
 * The Node that runs the client: the machine's own where there is one, which may be older than the one that runs the
 * tests, as a user's may.
 */
function cliNode(): string {
  const own = (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory) && !directory.endsWith("node_modules/.bin"))
    .map((directory) => path.join(directory, "node"))
    .find(isExecutable);
  return own ?? process.execPath;
}

/** Starts the client; it is killed after a minute. */
export function startCli(args: readonly string[], options: CliOptions): CliRun {
  const child = spawn(cliNode(), [MAIN, ...args], {
    cwd: options.cwd ?? options.home,
    env: {
      PATH: process.env["PATH"],
      HOME: options.home,
      ...(options.server !== undefined && { SIF_EDGE_SERVER: options.server }),
      ...(options.token !== undefined && { SIF_EDGE_TOKEN: options.token }),
    },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const result = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  return { child, result };
}

/** Runs the client to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}
