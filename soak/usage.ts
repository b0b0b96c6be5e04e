import { readFileSync, readdirSync } from "node:fs";

/** What a process holds. */
export interface Usage {
  /** Resident memory. */
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** The workerd of a process group; see proc_pid_stat(5). @throws Error where there is none, or no /proc */
export function workerdOf(groupId: number): number {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (stat.includes("(workerd)") && Number(group) === groupId) return Number(name);
    } catch {
      // Ended meanwhile.
    }
  }
  throw new Error(`Cannot find workerd: process group ${groupId} has none`);
}

/** What a process holds now; see proc_pid_status(5). */
export function usageOf(pid: number): Usage {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return {
    memoryBytes: Number(kib) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
