import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startProcessGroup, waitForOutput } from "./process-group.ts";

const PARENT_AND_CHILD = `
  const child = require("node:child_process").spawn("sleep", ["60"]);
  process.on("SIGTERM", () => {});
  console.log("child " + child.pid + " ready");
`;

/** Whether a process can still do anything: one that is dead but not yet reaped cannot. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("kill() ends what a program started too", async () => {
  const group = await startProcessGroup(process.execPath, ["-e", PARENT_AND_CHILD]);
  const [, child] = await waitForOutput(group, /child (\d+) ready/);
  expect(isRunning(Number(child))).toBe(true);
  await group.kill();
  expect([group.pid, Number(child)].filter(isRunning)).toEqual([]);
});

test("waiting for output of a program that ended tells what it wrote", async () => {
  const group = await startProcessGroup(process.execPath, ["-e", "console.error('no such thing')"]);
  await expect(waitForOutput(group, /ready/)).rejects.toThrow("no such thing");
});
