/** Pushing and deleting manifests under `/v2`, and deleting blobs: end-7, end-9, end-10. */

import type { AppContext } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { type Digest, digestAlgorithm, parseDigest } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/manifest.ts";
import { mediaTypeEssence } from "../../oci/media-types.ts";
import { readPushed } from "../../oci/pushed-manifest.ts";
import { parseTag } from "../../oci/reference.ts";
import { openDestination } from "../../repository/destination.ts";
import type { Wanted } from "../../repository/resolution.ts";
import { digestOf } from "../../upstream/digest-of.ts";
import type { BodyReader } from "../../upload/body-reader.ts";
import { type Route, addRoute } from "../add-route.ts";
import type { App } from "../app-type.ts";
import { NO_STORE } from "../cache-control.ts";
import { ociProblems } from "../responses.ts";
import { withBody } from "../with-body.ts";
import { meetConditions } from "../write-conditions.ts";
import { MANIFEST, digestParams, manifestParams, namespaceQuery } from "./description.ts";
import { pushTarget } from "./push-target.ts";

const path = "/v2/{name}/manifests/{reference}";
const group = "OCI: push";

const putRoute = {
  method: "put",
  path,
  group,
  summary: "Push a manifest",
  request: { params: manifestParams, query: namespaceQuery, body: { content: MANIFEST, required: true } },
  responses: {
    201: { description: "Taken; `Location` and `Docker-Content-Digest` name it" },
    ...ociProblems(400, 401, 403, 404, 405, 412, 413, 502, 503, 504),
  },
} as const satisfies Route;

const deleteRoute = {
  method: "delete",
  path,
  group,
  summary: "Delete a tag, or by digest a manifest",
  request: { params: manifestParams, query: namespaceQuery },
  responses: { 202: { description: "Deleted" }, ...ociProblems(400, 401, 403, 404, 405, 412, 502, 503, 504) },
} as const satisfies Route;

const deleteBlobRoute = {
  method: "delete",
  path: "/v2/{name}/blobs/{digest}",
  group,
  summary: "Delete a blob",
  request: { params: digestParams, query: namespaceQuery },
  responses: { 202: { description: "Deleted" }, ...ociProblems(400, 401, 403, 404, 405, 502, 503, 504) },
} as const satisfies Route;

/** Adds the routes. */
export function addManifestPushRoutes(app: App): void {
  addRoute(app, putRoute, (c) => withBody(c, ({ body }) => put(c, body)));
  addRoute(app, deleteRoute, async (c) => {
    const { location, lent } = await pushTarget(c);
    const destination = openDestination(c.var.services, location, lent);
    const wanted = wantedOf(c);
    await meetConditions(c, destination, wanted, sameDigest);
    await destination.delete(wanted);
    return deleted();
  });
}

/** Adds the route that deletes blobs. */
export function addBlobDeleteRoute(app: App): void {
  addRoute(app, deleteBlobRoute, async (c) => {
    const { location, lent } = await pushTarget(c);
    const digest = parseDigest(c.req.param("digest") ?? "");
    await openDestination(c.var.services, location, lent).deleteBlob(digest);
    return deleted();
  });
}

async function put(c: AppContext, body: BodyReader): Promise<Response> {
  const { location, path, lent } = await pushTarget(c);
  const wanted = wantedOf(c);
  const bytes = await readManifest(body);
  const announced = "digest" in wanted ? wanted.digest : undefined;
  const digest = await digestOf(bytes, announced === undefined ? "sha256" : digestAlgorithm(announced));
  if (announced !== undefined && announced !== digest) throw otherDigest(announced, digest);
  const { mediaType } = readPushed(bytes, mediaTypeEssence(c.req.header("Content-Type") ?? null));
  const tag = "tag" in wanted ? wanted.tag : undefined;
  const destination = openDestination(c.var.services, location, lent);
  const replaces = await meetConditions(c, destination, wanted, sameDigest);
  const outgoing = { digest, mediaType, bytes, tag, ...(replaces === undefined ? {} : { replaces }) };
  const { subject } = await destination.putManifest(outgoing);
  return new Response(null, {
    status: 201,
    headers: {
      Location: `/v2/${path}/manifests/${digest}`,
      "Docker-Content-Digest": digest,
      "Cache-Control": NO_STORE,
      ...(subject === undefined ? {} : { "OCI-Subject": subject }),
    },
  });
}

/** Under `/v2` a manifest's own digest is its entity tag. */
function sameDigest(digest: Digest): Promise<Digest> {
  return Promise.resolve(digest);
}

/** @throws {RegistryError} `invalid-reference`, `invalid-digest` */
function wantedOf(c: AppContext): Wanted {
  const reference = c.req.param("reference") ?? "";
  return reference.includes(":") ? { digest: parseDigest(reference) } : { tag: parseTag(reference) };
}

/** @throws {RegistryError} `too-large` */
async function readManifest(body: BodyReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = await body.read(MAX_MANIFEST_BYTES);
    if (part === undefined) break;
    // The next read reuses the buffer.
    parts.push(part.slice());
    if (body.readBytes > MAX_MANIFEST_BYTES) {
      throw new RegistryError(
        "too-large",
        `Cannot take manifest: it has more than ${MAX_MANIFEST_BYTES} bytes`,
      );
    }
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function otherDigest(announced: Digest, found: Digest): RegistryError {
  return new RegistryError(
    "invalid-digest",
    `Cannot take manifest "${announced}": the bytes that came have the digest ${found}`,
  );
}

function deleted(): Response {
  return new Response(null, { status: 202, headers: { "Cache-Control": NO_STORE } });
}
