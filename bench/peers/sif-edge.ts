import { startRuntime } from "../runtime.ts";
import type { Bundle } from "../runtime.ts";
import { AUTHORIZED, benchSettings } from "../settings.ts";
import { REPOSITORY } from "../upstream.ts";
import { ACCEPT, registryPaths } from "./candidate.ts";
import type { Entry } from "./candidate.ts";

/** This service, with its defaults, asked over `/v2` as the others are. */
export function sifEdge(bundled: Bundle, versions: string): Entry {
  return {
    name: "sif-edge",
    about: `this service in ${versions}, with its defaults; verifies each blob's digest`,
    async start(upstreamUrl) {
      const runtime = await startRuntime(bundled, benchSettings(upstreamUrl));
      return {
        ...registryPaths(`lab/${REPOSITORY}`),
        get port() {
          return runtime.port;
        },
        headers: { ...ACCEPT, ...AUTHORIZED },
        peakMemoryBytes: () => runtime.peakMemoryBytes(),
        crash: () => runtime.crash(),
        stop: () => runtime.stop(),
      };
    },
  };
}
