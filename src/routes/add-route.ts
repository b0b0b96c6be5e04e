/** Adding a route and its OpenAPI description in one step, from one set of schemas. */

import { type RouteConfig, z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { App } from "./app-type.ts";
import type { Group } from "./groups.ts";

/** What a route takes and answers. */
export interface Route extends RouteConfig {
  readonly group: Group;
}

/**
 * Adds a route: its parameters and query are checked with the schemas that describe them, which the package's own
 * `openapi` method does too, but that one cannot express handlers that stream. GET routes answer HEAD too.
 *
 * A path parameter named `ref` takes the rest of the path, slashes included; `name` does so up to what follows it.
 */
export function addRoute(
  app: App,
  { group, ...route }: Route,
  handler: (c: AppContext) => Response | Promise<Response>,
): void {
  app.openAPIRegistry.registerPath({ ...route, tags: [group] });
  // Line breaks too, which "." leaves out: an odd reference is a bad one, not an unknown address.
  const path = route.path
    .replace("{ref}", String.raw`:ref{[\s\S]+}`)
    .replace("{name}", ":name{.+}")
    .replaceAll(/\/\{(\w+)\}/g, "/:$1");
  const { params, query } = route.request ?? {};
  app.on(route.method, path, (c) => {
    checkParameters(params, c.req.param());
    checkParameters(query, c.req.query());
    return handler(c);
  });
}

/**
 * Checks parameters; whatever is no schema takes everything.
 * @throws {RegistryError} `invalid-request` naming the parameter that is wrong
 */
export function checkParameters(schema: unknown, values: Record<string, string>): void {
  if (!(schema instanceof z.ZodType)) return;
  const result = schema.safeParse(values);
  if (result.success) return;
  const issue = result.error.issues[0];
  const name = issue?.path.join(".") ?? "";
  throw new RegistryError(
    "invalid-request",
    `Cannot use parameter "${name}" with value "${String(values[name]).slice(0, 80)}": ${issue?.message ?? "it is not as expected"}`,
  );
}
