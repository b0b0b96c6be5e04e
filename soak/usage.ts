/** What processes hold, by proc(5). */

import { readFileSync, readdirSync } from "node:fs";

/** What a process holds. */
export interface Usage {
  /** Resident memory. */
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** A process to watch. */
export interface Watched {
  readonly pid: number;
  /** Its program's name, such as `workerd`. */
  readonly name: string;
}

interface Stat extends Watched {
  readonly parent: number;
  readonly group: number;
}

/** All processes of a group, in the order of their ids. */
export function processesOf(groupId: number): Watched[] {
  return stats()
    .filter(({ group }) => group === groupId)
    .map(({ pid, name }) => ({ pid, name }));
}

/** The workerds that a process has started. */
export function workerdBelow(parentId: number): number[] {
  return stats()
    .filter(({ name, parent }) => name === "workerd" && parent === parentId)
    .map(({ pid }) => pid);
}

/** What a process holds now; `undefined` for one that has ended. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return { memoryBytes: Number(kib) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

function stats(): Stat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const stat = readFileSync(`/proc/${id}/stat`, "utf8");
        const end = stat.lastIndexOf(")");
        const [, parent, group] = stat.slice(end + 2).split(" ");
        const thread = stat.slice(stat.indexOf("(") + 1, end);
        // Node names its first thread, which the process goes by.
        const name = thread === "MainThread" ? "node" : thread;
        return [{ pid: Number(id), name, parent: Number(parent), group: Number(group) }];
      } catch {
        return []; // ended meanwhile
      }
    })
    .sort((a, b) => a.pid - b.pid);
}
