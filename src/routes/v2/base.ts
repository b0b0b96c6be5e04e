/** `GET /v2/`: whether this is a registry, and whether to sign in (end-1). */

import { isOpenToAll } from "../../access/permissions.ts";
import type { AppContext } from "../../context.ts";
import type { App } from "../app-type.ts";
import { json } from "../responses.ts";
import { credentialsNeeded, hasCredentials, signIn } from "./authorized.ts";

/** Adds the route. */
export function addBaseRoute(app: App): void {
  app.get("/v2", answer);
  app.get("/v2/", answer);
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
