/** The OCI distribution specification's API, with `<name>` = `<registry>/<repository>`. */

import type { App } from "../app-type.ts";
import { addBaseRoute } from "./base.ts";
import { addBlobRoute } from "./blobs.ts";
import { addCatalogRoute } from "./catalog.ts";
import { v2Headers } from "./headers.ts";
import { addManifestRoute } from "./manifests.ts";
import { addBlobDeleteRoute, addManifestPushRoutes } from "./manifests-push.ts";
import { addReferrersRoute } from "./referrers.ts";
import { addTagsRoute } from "./tags.ts";
import { addUploadRoutes } from "./uploads.ts";

/** Adds all of it. */
export function addV2Routes(app: App): void {
  app.use("/v2/*", v2Headers());
  addBaseRoute(app);
  addCatalogRoute(app);
  addManifestRoute(app);
  addManifestPushRoutes(app);
  // Before the blobs, whose names would take in these.
  addUploadRoutes(app);
  addBlobRoute(app);
  addBlobDeleteRoute(app);
  addTagsRoute(app);
  addReferrersRoute(app);
}
