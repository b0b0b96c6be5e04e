import { readFileSync, readdirSync } from "node:fs";

/** The largest memory that a process has had, in bytes: `VmHWM` of proc_pid_status(5). @throws Error where it has ended */
export function peakMemoryBytes(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kib === undefined) throw new Error(`Cannot read the peak memory of process ${pid}: it has no VmHWM`);
  return Number(kib) * 1024;
}

/** The peaks of all processes of a group, added up; what they share counts several times. */
export function peakMemoryOfGroup(group: number): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && groupOf(name) === group)
    .reduce((sum, name) => sum + peakMemoryBytes(Number(name)), 0);
}

/** Process group of a process; see proc_pid_stat(5). */
function groupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group);
  } catch {
    return undefined; // ended meanwhile
  }
}
