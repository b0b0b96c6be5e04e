/** One line in the log for every request, and `Server-Timing` on its answer. */

import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { AppEnv } from "../context.ts";
import { log } from "../log.ts";

/** Logs every request: its fields stand in `docs/operations.md`. A link's token is part of its path, so paths are cut there. */
export function logRequests(): MiddlewareHandler<AppEnv> {
  return async function logRequest(c, next) {
    const startedMs = Date.now();
    const requestId = c.req.header("CF-Ray") ?? crypto.randomUUID();
    c.set("requestId", requestId);
    await next();
    // Not there where the configuration is bad.
    const timings = (c.var.services as AppEnv["Variables"]["services"] | undefined)?.timings;
    const { headers, status } = c.res;
    const timing = timings?.header();
    // A refusal tells nothing more, lest an unknown digest differ from a forbidden one.
    if (timing !== undefined && status < 400) headers.set("Server-Timing", timing);
    const length = headers.get("Content-Length");
    log({
      event: "request",
      requestId,
      method: c.req.method,
      route: patternOf(routePath(c)),
      path: c.req.path.startsWith("/d/") ? "/d/…" : c.req.path,
      status,
      code: c.var.errorCode,
      ms: Date.now() - startedMs,
      resolveMs: timings?.ms("resolve"),
      openMs: timings?.ms("open"),
      bytes: length === null ? undefined : Number(length),
      cacheStatus: headers.get("Cache-Status") ?? undefined,
      caller: c.var.caller,
    });
  };
}

/** A route's pattern as `/openapi.json` writes it: `/v1/digest/{ref}`; `undefined` where no route was found. */
function patternOf(path: string): string | undefined {
  if (path.endsWith("/*")) return undefined;
  return path.replaceAll(/:(\w+)(?:\{[^{}]+\})?/g, "{$1}");
}
