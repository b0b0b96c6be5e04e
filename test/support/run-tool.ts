import { execFile } from "node:child_process";
import { type ToolName, requireTool } from "./tools.ts";

/** What came of a program that ran to its end. */
export interface ToolRun {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunToolOptions {
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Everything that one of these programs writes to its standard output. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * Runs a program of `tools.ts` to its end, whatever that is.
 *
 * @throws Error where it is not installed
 */
export function runTool(
  name: ToolName,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<ToolRun> {
  const { promise, resolve } = Promise.withResolvers<ToolRun>();
  const settings = {
    encoding: "buffer",
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  } as const;
  const child = execFile(requireTool(name), args, settings, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
    resolve({ code, stdout, stderr: stderr.toString() });
  });
  child.stdin?.end();
  return promise;
}

/**
 * Runs a program that has to succeed.
 *
 * @returns what it wrote to its standard output, as text
 * @throws Error with what it wrote where it fails
 */
export async function runToolText(
  name: ToolName,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runTool(name, args, options);
  if (code === 0) return stdout.toString();
  throw new Error(
    `Cannot run "${name} ${args.join(" ")}": it ended with ${code}:\n${stderr}${stdout.toString()}`,
  );
}
