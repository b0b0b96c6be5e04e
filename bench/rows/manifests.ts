import type { Bench } from "../bench.ts";
import { inTurns, resultOf } from "../result.ts";
import type { Result, Row } from "../result.ts";

const CONNECTIONS = 32;
const REQUESTS = 5_000;
/** One after the other: how long each takes. */
const SINGLE_REQUESTS = 500;

/** Manifests that are known, by GET and by HEAD. */
export const manifests: Row = {
  name: "manifests",
  async measure(bench) {
    await bench.fresh();
    const image = await bench.image("small", 1024 * 1024);
    const [repository = "", tag = ""] = image.reference.split(":");
    const path = `/v2/${repository}/manifests/${tag}`;
    const results: Result[] = [];
    for (const method of ["GET", "HEAD"] as const) {
      results.push(await rate(bench, path, method), await latency(bench, path, method));
    }
    return results;
  },
};

async function rate(bench: Bench, path: string, method: "GET" | "HEAD"): Promise<Result> {
  const load = { connections: CONNECTIONS, requests: REQUESTS };
  await bench.requestRate({ ...load, path, method });
  await bench.requestRate({ ...load, path: "/healthz" });
  const pairs = await inTurns(
    bench.options.repetitions,
    () => bench.requestRate({ ...load, path: "/healthz" }),
    () => bench.requestRate({ ...load, path, method }),
  );
  return resultOf({
    name: `manifest ${method}`,
    against: "/healthz",
    unit: "requests/s",
    required: { atLeast: 0.3 },
    pairs,
  });
}

async function latency(bench: Bench, path: string, method: "GET" | "HEAD"): Promise<Result> {
  const load = { connections: 1, requests: SINGLE_REQUESTS };
  const pairs = await inTurns(
    bench.options.repetitions,
    async () => 1000 / (await bench.requestRate({ ...load, path: "/healthz" })),
    async () => 1000 / (await bench.requestRate({ ...load, path, method })),
  );
  const result = resultOf({
    name: `  latency ${method}`,
    against: "/healthz, one request after the other",
    unit: "ms",
    required: { atMost: 4 },
    pairs,
  });
  return { ...result, note: `adds ${(result.measured - result.floor).toFixed(2)} ms` };
}
