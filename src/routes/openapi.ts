/** `GET /openapi.json`: the description of the interface, made from the routes' own schemas. */

import type { AppContext } from "../context.ts";
import { VERSION } from "../version.ts";
import type { App } from "./app-type.ts";
import { GROUPS } from "./groups.ts";
import { json } from "./responses.ts";

/** Adds the route; the last one, since it describes those that are there. */
export function addOpenApiRoute(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An access token",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", {
    type: "http",
    scheme: "basic",
    description: "An access token's name, and the token as the password",
  });
  let description: object | undefined;
  app.get("/openapi.json", (c: AppContext) => {
    description ??= describe(app);
    return json(c, description, 200, { "Cache-Control": "no-cache" });
  });
}

function describe(app: App): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "sif-edge",
      version: VERSION,
      description:
        "A registry proxy for SIF images. Parameters named `ref` and `name` contain slashes as they are. Any request may be answered by 404 (no such path), 405 (another method), 429 (too many names that do not exist, or too many expensive calls) or 500 (a setting is wrong, or a defect). Errors are problem details; OCI clients get the list that they know.",
    },
    tags: GROUPS.map((group) => ({ ...group })),
    security: [{}, { bearer: [] }, { basic: [] }],
  });
}
