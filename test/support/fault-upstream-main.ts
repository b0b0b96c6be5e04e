/**
 * A fault upstream as a process of its own: prints its address as one line and runs until it is ended.
 * `fault-remote.ts` drives it.
 */

import { enableControl } from "./fault-control.ts";
import { startFaultUpstream } from "./fault-upstream.ts";

const upstream = await startFaultUpstream();
enableControl(upstream);
process.stdout.write(`${upstream.url}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    process.exit(0);
  });
}
