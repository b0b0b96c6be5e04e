/** Uploads under `/v2`, which this service does not take. Other paths answer their pushing methods by 405 already. */

import { RegistryError } from "../../errors.ts";
import type { App } from "../app-type.ts";

/** Adds the refusals. */
export function addPushRefusal(app: App): void {
  for (const path of ["/v2/:name{.+}/blobs/uploads/", "/v2/:name{.+}/blobs/uploads/:session"]) {
    app.all(path, () => {
      throw new RegistryError("unsupported", "Cannot push: this service only reads from its upstreams");
    });
  }
}
