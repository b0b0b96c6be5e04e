/** `PUT`, `DELETE /v1/images/{ref}`: publishing a SIF file, and taking one back. */

import { z } from "@hono/zod-openapi";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { safeBaseName } from "../http/content-disposition.ts";
import { parseReprDigest } from "../http/repr-digest.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import { type Reference, formatReference } from "../oci/reference.ts";
import { publishImage } from "../publish/publish-image.ts";
import { openDestination } from "../repository/destination.ts";
import { findImage } from "../repository/image.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { NO_STORE } from "./cache-control.ts";
import { chargeCaller } from "./rate-limit.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { json, problems } from "./responses.ts";
import { type RequestBody, withBody } from "./with-body.ts";
import { meetConditions } from "./write-conditions.ts";

const ANNOTATION_HEADER = "x-annotation-";
/** Manifests are read into memory, here and by every client. */
const MAX_ANNOTATION_CHARACTERS = 64 * 1024;

const Published = z
  .object({
    reference: z.string().openapi({ example: "local/tools/blast:2.16" }),
    digest: z.string().openapi({ description: "sha256 of the SIF file" }),
    size: z.number().int().openapi({ description: "bytes of the SIF file" }),
    manifest: z.object({ digest: z.string(), mediaType: z.string(), size: z.number().int() }),
  })
  .openapi("Published");

const putRoute = {
  method: "put",
  path: "/v1/images/{ref}",
  group: "Images",
  summary: "Publish a SIF file",
  description:
    "Streams the body, a SIF file, and publishes it under the reference's tag with the manifest that Apptainer would write. Headers `X-Annotation-<name>` add annotations to it, as does the query. `Content-Digest` and `Repr-Digest` must match where they are sent. `If-None-Match: *` publishes under a new tag only, `If-Match` over one that still is the file it names.",
  request: {
    params: referenceParams,
    query: architectureQuery.extend({
      index: z
        .enum(["append"])
        .optional()
        .openapi({
          param: { name: "index", in: "query" },
          description:
            "Adds the image to a multi-platform index under the tag, for `arch` or for the architecture that the file itself names.",
        }),
      filename: z
        .string()
        .optional()
        .openapi({
          param: { name: "filename", in: "query" },
          description: "The file's name, its title annotation; made of the reference when left out.",
        }),
      annotation: z
        .string()
        .regex(/^[^=]+=/, "expected name=value")
        .optional()
        .openapi({
          param: { name: "annotation", in: "query" },
          description: "`name=value`, an annotation of the manifest; may be repeated.",
          example: "org.opencontainers.image.description=A tool",
        }),
    }),
    body: {
      required: true,
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
  },
  responses: {
    201: { description: "Published", content: { "application/json": { schema: Published } } },
    ...problems(400, 401, 403, 404, 412, 413, 415, 422, 502, 503, 504),
  },
} as const satisfies Route;

const deleteRoute = {
  method: "delete",
  path: "/v1/images/{ref}",
  group: "Images",
  summary: "Delete a tag, or by digest a manifest",
  request: { params: referenceParams },
  responses: { 202: { description: "Deleted" }, ...problems(400, 401, 403, 404, 405, 412, 502, 503, 504) },
} as const satisfies Route;

/** Adds the routes. */
export function addPublishRoutes(app: App): void {
  addRoute(app, putRoute, (c) => withBody(c, (request) => publish(c, request)));

  addRoute(app, deleteRoute, async (c) => {
    const reference = referenceOf(c);
    const { lent } = await authorize(c, "push", reference);
    const { digest, tag = "latest" } = reference;
    const destination = openDestination(c.var.services, reference, lent);
    const wanted = digest === undefined ? { tag } : { digest };
    await meetConditions(c, destination, wanted, (found) => fileOf(c, reference, lent, found));
    await destination.delete(wanted);
    return new Response(null, { status: 202, headers: { "Cache-Control": NO_STORE } });
  });
}

async function publish(c: AppContext, { body, announcedBytes }: RequestBody): Promise<Response> {
  const { services } = c.var;
  const named = referenceOf(c);
  const { lent } = await authorize(c, "push", named);
  const reference = taggedOnly(named);
  refusePart(c);
  await chargeCaller(c);
  const destination = openDestination(services, reference, lent);
  const { tag } = reference;
  const replaces = await meetConditions(c, destination, { tag }, (found) =>
    fileOf(c, reference, lent, found),
  );
  const { blob, manifest } = await publishImage(services, {
    reference,
    destination,
    replaces,
    body,
    announcedBytes,
    digests: announcedDigests(c),
    title: titleOf(c, reference),
    annotations: annotationsOf(c),
    append: c.req.query("index") === "append",
    architecture: c.req.query("arch"),
  });
  const answer = {
    reference: formatReference(reference),
    digest: blob.digest,
    size: blob.sizeBytes,
    manifest: { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.sizeBytes },
  } satisfies z.infer<typeof Published>;
  return json(c, answer, 201, { Location: `/v1/images/${answer.reference}` });
}

/** The file behind a manifest, as GET would send it; `undefined` where it would send none. */
async function fileOf(
  c: AppContext,
  { registry, repository }: Reference,
  lent: UpstreamCredentials | undefined,
  digest: Digest,
): Promise<Digest | undefined> {
  try {
    const reference = { registry, repository, digest };
    const image = await findImage(c.var.services, { reference, architecture: architectureOf(c), lent });
    return image.layer.digest;
  } catch (error) {
    if (error instanceof RegistryError && error.status < 500) return undefined;
    throw error;
  }
}

/** A part would be published as the whole file (RFC 9110 section 14.5). */
function refusePart(c: AppContext): void {
  const range = c.req.header("Content-Range");
  if (range === undefined) return;
  throw new RegistryError(
    "invalid-request",
    `Cannot publish a part of a file, "Content-Range: ${range.slice(0, 80)}": send the whole, or its parts to an upload under /v2`,
  );
}

function taggedOnly(reference: Reference): Reference & { readonly tag: string } {
  const { tag, digest } = reference;
  if (digest === undefined && tag !== undefined) return { ...reference, tag };
  throw new RegistryError(
    "invalid-reference",
    `Cannot publish under "${formatReference(reference)}": a digest is not to be chosen; name a tag`,
  );
}

/** RFC 9530: of the body, and of the file; here they are the same bytes. */
function announcedDigests(c: AppContext): ReadonlyMap<DigestAlgorithm, string> {
  const digests = new Map<DigestAlgorithm, string>();
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    for (const [algorithm, hex] of digestsIn(c, name)) {
      if (digests.has(algorithm) && digests.get(algorithm) !== hex) {
        throw new RegistryError(
          "invalid-digest",
          "Cannot publish: Content-Digest and Repr-Digest name different digests; the body is the file, so send one of them, or the same in both",
        );
      }
      digests.set(algorithm, hex);
    }
  }
  return digests;
}

function digestsIn(c: AppContext, name: string): ReadonlyMap<DigestAlgorithm, string> {
  const header = c.req.header(name);
  const digests = parseReprDigest(header ?? null);
  if (digests !== undefined) return digests;
  throw new RegistryError(
    "invalid-digest",
    `Cannot publish: "${name}: ${header?.slice(0, 150) ?? ""}" is not readable; expected sha-256=:<base64>: or sha-512=:<base64>:, of the digest's bytes and not of its hexadecimal form`,
  );
}

/** As Apptainer names what it pulls, unless the request says otherwise. */
function titleOf(c: AppContext, { repository, tag }: Reference): string {
  const wished = c.req.query("filename");
  if (wished === undefined) return `${repository.slice(repository.lastIndexOf("/") + 1)}_${tag}.sif`;
  if (safeBaseName(wished) === wished) return wished;
  throw new RegistryError(
    "invalid-request",
    `Cannot name the file "${wished.slice(0, 80)}": expected a file name without directories, quotes or control characters`,
  );
}

function annotationsOf(c: AppContext): ReadonlyMap<string, string> {
  const annotations = new Map<string, string>();
  for (const [name, value] of c.req.raw.headers) {
    if (name.startsWith(ANNOTATION_HEADER)) annotations.set(name.slice(ANNOTATION_HEADER.length), value);
  }
  for (const pair of c.req.queries("annotation") ?? []) {
    const cut = pair.indexOf("=");
    if (cut < 1) {
      throw new RegistryError("invalid-request", 'Cannot use parameter "annotation": expected name=value');
    }
    annotations.set(pair.slice(0, cut), pair.slice(cut + 1));
  }
  annotations.delete("");
  const characters = [...annotations].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (characters <= MAX_ANNOTATION_CHARACTERS) return annotations;
  throw new RegistryError(
    "too-large",
    `Cannot publish: the annotations have ${characters} characters, at most ${MAX_ANNOTATION_CHARACTERS} are taken`,
  );
}
