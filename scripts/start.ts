/**
 * `npm start`: the service on this machine, its data in `.wrangler/`. What stands behind `npm start --` goes to
 * `wrangler dev`.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { writeDevVars } from "./dev-vars.ts";
import { redactLinks } from "./redact-links.ts";
import { QUIET_WRANGLER, WRANGLER } from "./wrangler.ts";

const root = path.join(import.meta.dirname, "..");
const args = process.argv.slice(2);

// Someone who brings settings in files of their own has secrets of their own.
if (!has("--env-file")) announce(writeDevVars(path.join(root, ".dev.vars")));

const defaults = [...(has("--port") ? [] : ["--port=8787"]), ...(has("--ip") ? [] : ["--ip=127.0.0.1"])];

const child = spawn(process.execPath, [WRANGLER, "dev", ...defaults, ...args], {
  cwd: root,
  env: { ...QUIET_WRANGLER, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }), ...process.env },
  stdio: ["ignore", "pipe", "pipe"],
});
createInterface(child.stdout).on("line", (line) => {
  console.log(redactLinks(line));
});
createInterface(child.stderr).on("line", (line) => {
  console.error(redactLinks(line));
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));

child.once("close", (code) => {
  process.exitCode = code ?? 1;
});

function has(option: string): boolean {
  return args.some((argument) => argument === option || argument.startsWith(`${option}=`));
}

function announce(adminToken: string | undefined): void {
  if (adminToken === undefined) return;
  console.log(
    [
      'Made .dev.vars with fresh secrets. The access token "admin", which may do everything, is:',
      "",
      `    ${adminToken}`,
      "",
      "It is not shown again. Delete .dev.vars to get a new one (links made before then end).",
      "",
    ].join("\n"),
  );
}
