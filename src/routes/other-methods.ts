/** Answering 405 with `Allow` where a path is known and the method is not. */

import { RegistryError } from "../errors.ts";
import type { App } from "./app-type.ts";

/** Adds the refusals, behind all routes. */
export function refuseOtherMethods(app: App): void {
  const methods = new Map<string, Set<string>>();
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
