import path from "node:path";
import type { TestProject } from "vitest/node";
import { startProcessGroup, waitForOutput } from "./process-group.ts";

/** Runs the fault upstream while the `worker` project's tests run, and hands its address to them. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const main = path.join(import.meta.dirname, "fault-upstream-main.ts");
  const upstream = await startProcessGroup(process.execPath, [main]);
  const [url] = await waitForOutput(upstream, /http:\/\/127\.0\.0\.1:\d+/);
  project.provide("faultUpstreamUrl", url);
  return () => upstream.stop();
}
