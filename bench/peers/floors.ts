import { startRuntime } from "../runtime.ts";
import type { Bundle } from "../runtime.ts";
import { benchSettings } from "../settings.ts";
import { REPOSITORY } from "../upstream.ts";
import { ACCEPT, registryPaths } from "./candidate.ts";
import type { Entry } from "./candidate.ts";

/** The upstream itself, with nothing between. */
export const direct: Entry = {
  name: "direct",
  about: "the upstream, with nothing between",
  start(upstreamUrl) {
    return Promise.resolve({
      ...registryPaths(REPOSITORY),
      port: Number(new URL(upstreamUrl).port),
      headers: ACCEPT,
      peakMemoryBytes: () => 0,
      crash: () => Promise.reject(new Error("Cannot crash the upstream: it belongs to all")),
      stop: () => Promise.resolve(),
    });
  },
};

/** A Worker of three lines that stores a blob as one R2 object and returns it: the same workerd, the same simulator. */
export function bareWorker(bundled: Bundle): Entry {
  return {
    name: "bare Worker",
    about: "a Worker that stores a blob as one R2 object, in the same workerd and R2 simulator",
    async start(upstreamUrl) {
      const runtime = await startRuntime(bundled, benchSettings(upstreamUrl));
      return {
        get port() {
          return runtime.port;
        },
        headers: {},
        manifestPath: () => "/floor/none",
        blobPath: ({ tag }) => `/floor/object/${tag}`,
        warmUp({ tag, upstreamUrl: from }) {
          const query = new URLSearchParams({ from: from.href }).toString();
          return { method: "POST", path: `/floor/put/${tag}?${query}` };
        },
        peakMemoryBytes: () => runtime.peakMemoryBytes(),
        crash: () => runtime.crash(),
        stop: () => runtime.stop(),
      };
    },
  };
}
