/**
 * `npm test`: types, lint and format, then every test; the last line tells how many passed and failed.
 *
 *     npm test                         everything
 *     npm test -- unit                 one project of vitest.config.ts (unit, worker, e2e), or `check` for the rest
 *     npm test -- src/oci range        the test files whose paths contain one of these
 *
 * With `CI=true` a program that is missing on this machine is a failure; else what needs it is left out.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { makeTempDir } from "./support/temp-dir.ts";
import { TOOLS, findTool } from "./support/tools.ts";
import type { ToolName } from "./support/tools.ts";

const ROOT = path.join(import.meta.dirname, "..");
const CHECKS = ["types", "lint", "format:check"];
const PROJECTS = ["unit", "worker", "e2e"];

interface Tally {
  passed: number;
  failed: number;
}

const args = process.argv.slice(2);
const tally: Tally = { passed: 0, failed: 0 };

if (args.length === 0) reportTools(tally);
if (args.length === 0) reportLeftOut();
if (args.length === 0 || args.includes("check")) runChecks(tally);
const rest = args.filter((argument) => argument !== "check");
if (args.length === 0 || rest.length > 0) await runTests(rest, tally);

console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 ? 0 : 1;

/** Says which tests are made where they are asked for only. */
function reportLeftOut(): void {
  if (process.env["LARGE"] === "1") return;
  console.log(
    "Left out: a file of 5 GiB, which takes minutes and 6 GB of disk; with it: LARGE=1 npm test -- test/e2e/large",
  );
}

/** Says which programs are missing, and what is therefore not tested. */
function reportTools(tally: Tally): void {
  const missing = Object.entries(TOOLS).filter(([name]) => findTool(name as ToolName) === undefined);
  const fatal = process.env["CI"] === "true";
  for (const [name, tool] of missing) {
    console.log(
      `Missing: ${name} (${tool.install}). ${fatal ? "Failed" : "Left out"}: tests with ${tool.usedFor}`,
    );
  }
  if (fatal) tally.failed += missing.length;
}

function runChecks(tally: Tally): void {
  for (const name of CHECKS) {
    const passed = run("npm", ["run", "--silent", name]);
    console.log(`${passed ? "ok" : "FAILED"}: ${name}`);
    tally[passed ? "passed" : "failed"] += 1;
  }
}

async function runTests(selection: readonly string[], tally: Tally): Promise<void> {
  const report = path.join(await makeTempDir(), "report.json");
  const projects = selection.filter((word) => PROJECTS.includes(word)).flatMap((name) => ["--project", name]);
  const files = selection.filter((word) => !PROJECTS.includes(word));
  const passed = run(process.execPath, [
    path.join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...projects,
    ...files,
  ]);
  const counted = countTests(report);
  tally.passed += counted.passed;
  // A file that cannot be loaded, or an error outside of any test, fails the run without a failed test.
  tally.failed += passed ? counted.failed : Math.max(counted.failed, 1);
}

function countTests(report: string): Tally {
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, "utf8"));
    return { passed, failed };
  } catch (error) {
    console.error(`Cannot read the test report: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}
