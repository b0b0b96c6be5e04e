import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const made = new Set<string>();

process.once("exit", () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** Makes an empty directory of its own; removed when this process ends, or earlier by {@link removeTempDir}. */
export async function makeTempDir(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "sif-edge-"));
  made.add(directory);
  return directory;
}

/** Removes a directory that {@link makeTempDir} made, with what is in it. */
export async function removeTempDir(directory: string): Promise<void> {
  made.delete(directory);
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
