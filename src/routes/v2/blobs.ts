/** `GET`, `HEAD /v2/<name>/blobs/<digest>` (end-2): blobs of any kind, through the same fill as `/v1`. */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { parseDigest } from "../../oci/digest.ts";
import { repositoryPath } from "../../oci/reference.ts";
import { openRepository } from "../../repository/open-repository.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { download } from "../download.ts";
import { authorizeV2 } from "./authorized.ts";
import { repositoryOf } from "./name.ts";

/** Adds the route. */
export function addBlobRoute(app: App): void {
  app.get("/v2/:name{.+}/blobs/:digest", answer);
}

/**
 * A digest is no capability: this repository has to have the blob, as it is asked to show each time. Another's blob is as
 * unknown as one that nobody has.
 */
async function answer(c: AppContext): Promise<Response> {
  const location = repositoryOf(c);
  const { shared, lent } = await authorizeV2(c, "pull", location);
  const digest = parseDigest(c.req.param("digest") ?? "");
  const blob = await openRepository(c.var.services, location, lent).blob(digest);
  if (blob === null) {
    throw new RegistryError(
      "blob-unknown",
      `Cannot find blob "${digest}" in "${repositoryPath(location)}": this repository has none such`,
    );
  }
  return download(c, {
    digest,
    sizeBytes: blob.sizeBytes,
    mediaType: blob.mediaType,
    // Where no one can tell, a time that stays the same: the bytes do.
    lastModifiedMs: blob.lastModifiedMs ?? 0,
    source: { ...location, credentials: lent },
    cacheControl: cacheControl({ shared, immutable: true }),
  });
}
