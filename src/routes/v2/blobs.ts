/** `GET`, `HEAD /v2/<name>/blobs/<digest>` (end-2): blobs of any kind, through the same fill as `/v1`. */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { parseDigest } from "../../oci/digest.ts";
import { repositoryPath } from "../../oci/reference.ts";
import { openRepository } from "../../repository/open-repository.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { download } from "../download.ts";
import { ociProblems } from "../responses.ts";
import { authorizeV2 } from "./authorized.ts";
import { BYTES, digestParams, namespaceQuery } from "./description.ts";
import { repositoryOf } from "./name.ts";

const route = {
  method: "get",
  path: "/v2/{name}/blobs/{digest}",
  group: "OCI: pull",
  summary: "Download a blob",
  description: "Answers HEAD, ranges and preconditions as `/v1/images` does, through the same cache.",
  request: { params: digestParams, query: namespaceQuery },
  responses: {
    200: { description: "The whole blob, in its own media type", content: BYTES },
    206: { description: "The range that was asked for", content: BYTES },
    304: { description: "The client's copy is the same" },
    ...ociProblems(400, 401, 403, 404, 412, 416, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addBlobRoute(app: App): void {
  addRoute(app, route, answer);
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
