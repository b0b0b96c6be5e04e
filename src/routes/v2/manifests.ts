/** `GET`, `HEAD /v2/<name>/manifests/<reference>` (end-3): manifests, byte for byte. */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { evaluatePreconditions } from "../../http/conditional.ts";
import { parseDigest } from "../../oci/digest.ts";
import { isTag, repositoryPath } from "../../oci/reference.ts";
import { quote } from "../../oci/quote.ts";
import { loadManifest } from "../../repository/load-manifest.ts";
import { openRepository } from "../../repository/open-repository.ts";
import type { ResolvedManifest, Wanted } from "../../repository/resolution.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { cacheControl } from "../cache-control.ts";
import { ociProblems } from "../responses.ts";
import { staleHeaders } from "../stale.ts";
import { authorizeV2 } from "./authorized.ts";
import { MANIFEST, manifestParams, namespaceQuery } from "./description.ts";
import { repositoryOf } from "./name.ts";

const route = {
  method: "get",
  path: "/v2/{name}/manifests/{reference}",
  group: "OCI: pull",
  summary: "Get a manifest, byte for byte",
  description: "Answers HEAD, `If-Match` and `If-None-Match` too.",
  request: { params: manifestParams, query: namespaceQuery },
  responses: {
    200: { description: "The manifest, in its own media type", content: MANIFEST },
    304: { description: "The client's copy is the same" },
    ...ociProblems(400, 401, 403, 404, 412, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addManifestRoute(app: App): void {
  addRoute(app, route, answer);
}

/**
 * What is stored is what is sent, whatever the request accepts: a manifest of another type would have another digest, and
 * clients that name only Docker's types take OCI's too.
 */
async function answer(c: AppContext): Promise<Response> {
  const location = repositoryOf(c);
  const { shared, lent } = await authorizeV2(c, "pull", location);
  const wanted = wantedBy(c.req.param("reference") ?? "", repositoryPath(location));
  const { services } = c.var;
  const repository = openRepository(services, location, lent);
  // The bytes themselves are needed for GET alone.
  const { resolved, bytes } =
    c.req.method === "HEAD"
      ? { resolved: await repository.resolve(wanted), bytes: null }
      : await loadManifest(services.manifests, repository, wanted);

  const headers = describe(resolved, cacheControl({ shared, immutable: "digest" in wanted }));
  const etag = `"${resolved.digest}"`;
  headers.set("ETag", etag);
  const verdict = evaluatePreconditions(c.req.raw.headers, { etag });
  if (verdict === "precondition-failed") {
    throw new RegistryError(
      "precondition-failed",
      `Cannot send manifest "${resolved.digest}": it does not meet the request's If-Match`,
    );
  }
  if (verdict === "not-modified") return new Response(null, { status: 304, headers });
  headers.set("Content-Type", resolved.mediaType);
  headers.set("Content-Length", String(resolved.sizeBytes));
  return new Response(bytes, { headers });
}

function describe(resolved: ResolvedManifest, caching: string): Headers {
  return new Headers({
    "Docker-Content-Digest": resolved.digest,
    // Compressed on the way it would have another length than HEAD announces.
    "Cache-Control": `${caching}, no-transform`,
    ...staleHeaders(resolved),
  });
}

/**
 * A tag or digest. What cannot be a tag names nothing: the specification's own tests want 404 for it.
 * @throws {RegistryError} `invalid-digest`, `image-unknown`
 */
function wantedBy(reference: string, path: string): Wanted {
  if (reference.includes(":")) return { digest: parseDigest(reference) };
  if (isTag(reference)) return { tag: reference };
  throw new RegistryError(
    "image-unknown",
    `Cannot find ${quote(reference)} in "${path}": that is neither a tag nor a digest`,
  );
}
