/** Answering 405 with `Allow` where a path is known and the method is not. */

import { routePath } from "hono/route";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { App } from "./app-type.ts";

/** The methods of each route's path. */
const methods = new Map<string, Set<string>>();

/** Adds the refusals, behind all routes. */
export function refuseOtherMethods(app: App): void {
  for (const route of app.routes) {
    if (route.method === "ALL") continue;
    const known = methods.get(route.path) ?? new Set();
    known.add(route.method);
    if (route.method === "GET") known.add("HEAD");
    methods.set(route.path, known);
  }
  for (const [path, known] of methods) {
    const allow = [...known].sort().join(", ");
    app.all(path, (c) => {
      throw new RegistryError(
        "method-not-allowed",
        `Cannot ${c.req.method} "${c.req.path.slice(0, 200)}": allowed here: ${allow}`,
        {
          headers: { Allow: allow },
        },
      );
    });
  }
}

/**
 * The `Allow` of a request whose method is known here, but not to the registry that it is for: what else there is. RFC
 * 9110 section 15.5.6 wants one in every 405.
 */
export function otherMethods(c: AppContext): string {
  const refused = c.req.method === "GET" || c.req.method === "HEAD" ? ["GET", "HEAD"] : [c.req.method];
  const known = [...(methods.get(routePath(c)) ?? [])].sort();
  const others = known.filter((method) => !refused.includes(method));
  // An empty field, which is how one says that there is none, does not arrive: then what other registries do.
  return (others.length > 0 ? others : known).join(", ");
}
