/** One line in the log for every request. */

import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { log } from "../log.ts";

/** The token of a link, wherever somebody has pasted it: three parts, of which the last is a signature's 43 characters. */
const TOKEN = /[\w-]+\.[\w-]+\.[\w-]{43}/g;

/** Logs method, path, status and time of every request. A link's token is part of its path, so paths are cut there. */
export function logRequests(): MiddlewareHandler<AppEnv> {
  return async function logRequest(c, next) {
    const startedMs = Date.now();
    const requestId = c.req.header("CF-Ray") ?? crypto.randomUUID();
    c.set("requestId", requestId);
    await next();
    log({
      event: "request",
      requestId,
      method: c.req.method,
      path: c.req.path.startsWith("/d/") ? "/d/…" : c.req.path.replaceAll(TOKEN, "…"),
      status: c.res.status,
      ms: Date.now() - startedMs,
      cacheStatus: c.res.headers.get("Cache-Status") ?? undefined,
    });
  };
}
