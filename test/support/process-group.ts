import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Options of {@link startProcessGroup}. */
export interface ProcessGroupOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program and everything it started, ended as one. */
export interface ProcessGroup {
  /** Process id of the program, which is the id of its group too. */
  readonly pid: number;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Whether the program has ended. */
  ended(): boolean;
  /** Asks the program to end (SIGTERM), and the whole group where it has not after 5 s. Returns when none is left. */
  stop(): Promise<void>;
  /** Ends the whole group at once (SIGKILL), as a crash or a power cut would. Returns when none is left. */
  kill(): Promise<void>;
}

const OUTPUT_LIMIT = 1024 * 1024;
const GRACE_MS = 5_000;
const running = new Set<number>();

// A test run that is broken off leaves nothing behind.
process.once("exit", () => {
  for (const pid of running) signalGroup(pid, "SIGKILL");
});

/**
 * Starts a program in a process group of its own, without standard input.
 *
 * @throws Error where the program cannot be started
 */
export async function startProcessGroup(
  command: string,
  args: readonly string[],
  options: ProcessGroupOptions = {},
): Promise<ProcessGroup> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      written = (written + text).slice(-OUTPUT_LIMIT);
    });
  }
  await once(child, "spawn");
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Cannot start "${command}": it has no process id`);
  running.add(pid);
  const exited = once(child, "exit");

  return {
    pid,
    output: () => written,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([exited, sleep(GRACE_MS, undefined, { ref: false })]);
      await killGroup(pid);
    },
    kill: () => killGroup(pid),
  };
}

/**
 * Waits until a program has written something.
 *
 * @param timeoutMs - how long to wait for it
 * @returns the first match
 * @throws Error, with what the program wrote, where it ended or the time passed without it
 */
export async function waitForOutput(
  group: ProcessGroup,
  pattern: RegExp,
  timeoutMs = 60_000,
): Promise<RegExpExecArray> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const match = pattern.exec(group.output());
    if (match !== null) return match;
    const ended = group.ended();
    if (ended || Date.now() > deadline) {
      const what = ended ? "it ended" : `it did not within ${timeoutMs} ms`;
      throw new Error(`Cannot wait for ${String(pattern)}: ${what}; it wrote:\n${group.output()}`);
    }
    await sleep(20);
  }
}

async function killGroup(pid: number): Promise<void> {
  while (signalGroup(pid, "SIGKILL") && !onlyZombies(pid)) await sleep(10);
  running.delete(pid);
}

/** Whether all who are left of a group are dead and only wait for their exit to be noted: orphans, by a slow init. */
function onlyZombies(group: number): boolean {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((process) => statOf(process))
      .every(([state, , groupId]) => Number(groupId) !== group || state === "Z");
  } catch {
    return false; // no /proc here: init decides
  }
}

/** State, parent, group and so on of a process, as proc_pid_stat(5) lists them behind the name. */
function statOf(process: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return []; // ended meanwhile
  }
}

/** Returns whether there was still someone to receive it. */
function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
