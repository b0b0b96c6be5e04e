/** `GET /v2/`: whether this is a registry, and whether to sign in (end-1). */

import { isOpenToAll } from "../../access/permissions.ts";
import { z } from "@hono/zod-openapi";
import type { AppContext } from "../../context.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { json, ociProblems } from "../responses.ts";
import { credentialsNeeded, hasCredentials, signIn } from "./authorized.ts";

const route = {
  method: "get",
  path: "/v2/",
  group: "OCI: sign in",
  summary: "Whether this is a registry, and whether to sign in",
  responses: {
    200: {
      description: "It is one, and the credentials are right or none are needed",
      content: { "application/json": { schema: z.object({}) } },
    },
    ...ociProblems(401),
  },
} as const satisfies Route;

/** Adds the route. */
export function addBaseRoute(app: App): void {
  addRoute(app, route, answer);
  app.get("/v2", answer);
}

/**
 * Clients that get 200 here never sign in: Docker's, for one. So only where there is nothing to sign in for, or for those
 * who have. Which makes it the place where `login` learns whether a password is right.
 */
async function answer(c: AppContext): Promise<Response> {
  await signIn(c, undefined);
  if (!hasCredentials(c) && !isOpenToAll(c.var.services.config)) throw credentialsNeeded(c, "use /v2/");
  return json(c, {});
}
