/** `GET /healthz`: whether the service lives. */

import { z } from "@hono/zod-openapi";
import { VERSION } from "../version.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { json } from "./responses.ts";

const Health = z.object({ status: z.literal("ok"), version: z.string() }).openapi("Health");

const route = {
  method: "get",
  path: "/healthz",
  group: "Service",
  summary: "Whether the service lives; touches nothing else",
  responses: { 200: { description: "It does", content: { "application/json": { schema: Health } } } },
} as const satisfies Route;

/** Adds the route. */
export function addHealthRoute(app: App): void {
  addRoute(app, route, (c) => json(c, { status: "ok", version: VERSION }));
}
