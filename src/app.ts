/** The Hono app: what stands around every request, the routes, and the one place where errors become responses. */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./context.ts";
import { RegistryError } from "./errors.ts";
import { errorResponse } from "./routes/error-response.ts";
import { addCacheRoutes } from "./routes/cache.ts";
import { addDigestRoute } from "./routes/digest.ts";
import { addHashRoute } from "./routes/hash.ts";
import { addHealthRoute } from "./routes/health.ts";
import { addImageRoute } from "./routes/images.ts";
import { addInspectRoute } from "./routes/inspect.ts";
import { addLinkRoutes } from "./routes/links.ts";
import { addPages } from "./routes/pages.ts";
import { errorPage, isPagePath } from "./routes/pages-html.ts";
import { addImagePage } from "./routes/pages-image.ts";
import { addStatusPage } from "./routes/pages-status.ts";
import { refuseOtherMethods } from "./routes/other-methods.ts";
import { addOpenApiRoute } from "./routes/openapi.ts";
import { addPublishRoutes } from "./routes/publish.ts";
import { chargeUnknown } from "./routes/rate-limit.ts";
import { logRequests } from "./routes/request-log.ts";
import { addSearchRoute } from "./routes/search.ts";
import { addSharedLinkRoute } from "./routes/shared-link.ts";
import { addTagRoutes } from "./routes/tags.ts";
import { addTokenRoutes } from "./routes/token.ts";
import { addV2Routes } from "./routes/v2/add-routes.ts";
import { addStatusRoute } from "./routes/status.ts";
import { makeServices } from "./services.ts";

const app = new OpenAPIHono<AppEnv>({
  defaultHook: (result) => {
    if (result.success) return;
    const issue = result.error.issues[0];
    throw new RegistryError(
      "invalid-request",
      `Cannot use parameter "${issue?.path.join(".") ?? ""}": ${issue?.message ?? "it is not as expected"}`,
    );
  },
});

app.use(logRequests());
app.use(async function provideServices(c, next) {
  c.set("services", makeServices(c.env));
  await next();
});

addHealthRoute(app);
addDigestRoute(app);
addImageRoute(app);
addInspectRoute(app);
addCacheRoutes(app);
addPublishRoutes(app);
addTagRoutes(app);
addSearchRoute(app);
addHashRoute(app);
addLinkRoutes(app);
addSharedLinkRoute(app);
addV2Routes(app);
addTokenRoutes(app);
addStatusRoute(app);
addOpenApiRoute(app);
addPages(app);
addImagePage(app);
addStatusPage(app);
refuseOtherMethods(app);

app.notFound((c) => {
  throw new RegistryError(
    "not-found",
    `Cannot find "${c.req.path.slice(0, 200)}": see /openapi.json for what there is`,
  );
});
app.onError(async (error, c) => {
  const failure = await chargeUnknown(c, error);
  return isPagePath(c.req.path) ? errorPage(c, failure) : errorResponse(c, failure);
});

export default app;
