import { spawn } from "node:child_process";
import { once } from "node:events";
import { requireTool } from "./tools.ts";

/** How a run of curl ended. */
export interface CurlResult {
  /** Its exit status: 0, or curl's number for what went wrong; 18 is a transfer that ended too early. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link curl}. */
export interface CurlOptions {
  /** Where it saves what `-O` and `-o` name. */
  readonly cwd?: string;
  /** Told of the output as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Runs curl as a person would, but without progress, and for two minutes at most. */
export async function curl(args: readonly string[], options: CurlOptions = {}): Promise<CurlResult> {
  const child = spawn(
    requireTool("curl"),
    ["--disable", "--silent", "--show-error", "--noproxy", "*", "--max-time", "120", ...args],
    { cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.onOutput?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout, stderr };
}
