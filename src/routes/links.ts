/** `/v1/links/…`: making, listing and revoking signed download links. */

import { z } from "@hono/zod-openapi";
import { requireLinkKeys, signLink } from "../access/link-token.ts";
import { callObject } from "../call-object.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { safeBaseName } from "../http/content-disposition.ts";
import { formatReference, parseRepositoryPath, repositoryPath } from "../oci/reference.ts";
import { findImage } from "../repository/image.ts";
import type { LinkRecord } from "../repository/link-record.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { NO_STORE } from "./cache-control.ts";
import { lastModifiedOf } from "./images.ts";
import { readJsonBody } from "./json-body.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { chargeCaller } from "./rate-limit.ts";
import { json, problems } from "./responses.ts";

/** 96 random bits: no one meets another's id by guessing. */
const ID_BYTES = 12;
const MAX_BODY_BYTES = 16 * 1024;

const LinkRequest = z
  .strictObject({
    expiresIn: z
      .number()
      .int()
      .positive()
      .optional()
      .openapi({ description: "seconds; `LINK_DEFAULT_SECONDS` when left out" }),
    filename: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .openapi({ description: "what the file is called when it is saved" }),
    maxDownloads: z
      .number()
      .int()
      .positive()
      .max(1_000_000_000)
      .optional()
      .openapi({ description: "unlimited when left out" }),
  })
  .openapi("LinkRequest");

const NewLink = z
  .object({
    id: z.string(),
    url: z.url(),
    expires: z.string(),
    digest: z.string(),
    size: z.number().int(),
    filename: z.string(),
  })
  .openapi("NewLink");

const LinkList = z
  .object({
    links: z.array(
      z.object({
        id: z.string(),
        digest: z.string(),
        filename: z.string(),
        createdBy: z.string(),
        created: z.string(),
        expires: z.string(),
        revoked: z.boolean(),
        maxDownloads: z.number().int().nullable(),
        downloads: z.number().int(),
      }),
    ),
  })
  .openapi("LinkList");

const path = "/v1/links/{ref}";

const makeRoute = {
  method: "post",
  path,
  group: "Signed links",
  summary: "Make a signed download link",
  request: {
    params: referenceParams,
    query: architectureQuery,
    body: { required: false, content: { "application/json": { schema: LinkRequest } } },
  },
  responses: {
    201: {
      description: "The link; its URL is not shown again",
      content: { "application/json": { schema: NewLink } },
    },
    ...problems(400, 401, 403, 404, 409, 422, 501, 502, 503, 504),
  },
} as const satisfies Route;

const listRoute = {
  method: "get",
  path,
  group: "Signed links",
  summary: "List the links made for a repository",
  description: "`ref` is `<registry>/<repository>` here.",
  request: { params: referenceParams },
  responses: {
    200: {
      description: "The links, the newest first",
      content: { "application/json": { schema: LinkList } },
    },
    ...problems(400, 401, 403),
  },
} as const satisfies Route;

const revokeRoute = {
  method: "delete",
  path,
  group: "Signed links",
  summary: "Revoke a link",
  description: "`ref` is `<registry>/<repository>/<link id>` here.",
  request: { params: referenceParams },
  responses: { 204: { description: "Revoked" }, ...problems(400, 401, 403, 404) },
} as const satisfies Route;

/** Adds the routes. */
export function addLinkRoutes(app: App): void {
  addRoute(app, makeRoute, makeLink);

  addRoute(app, listRoute, async (c) => {
    const location = parseRepositoryPath(c.req.param("ref") ?? "");
    await authorize(c, "link", location);
    const name = repositoryPath(location);
    const links = await callObject(() => c.var.services.repositories.getByName(name).listLinks(name));
    return json(c, { links: links.map(describe) });
  });

  addRoute(app, revokeRoute, async (c) => {
    const ref = c.req.param("ref") ?? "";
    const cut = ref.lastIndexOf("/");
    const location = parseRepositoryPath(ref.slice(0, Math.max(cut, 0)));
    await authorize(c, "link", location);
    const name = repositoryPath(location);
    await callObject(() => c.var.services.repositories.getByName(name).revokeLink(name, ref.slice(cut + 1)));
    return new Response(null, { status: 204, headers: { "Cache-Control": NO_STORE } });
  });
}

async function makeLink(c: AppContext): Promise<Response> {
  const { services } = c.var;
  const { config } = services;
  const reference = referenceOf(c);
  const { caller, lent } = await authorize(c, "link", reference);
  requireLinkKeys(config);
  await chargeCaller(c);
  if (lent !== undefined) {
    throw new RegistryError(
      "invalid-request",
      `Cannot make a link to "${formatReference(reference)}" with lent credentials: they are not kept, and a link is used without any`,
    );
  }
  const wish = await readJsonBody(c, LinkRequest, MAX_BODY_BYTES);
  const lifetimeSeconds = wish.expiresIn ?? config.linkDefaultSeconds;
  if (lifetimeSeconds > config.linkMaxSeconds) {
    throw new RegistryError(
      "invalid-request",
      `Cannot make a link that lasts ${lifetimeSeconds} seconds: "expiresIn" is at most ${config.linkMaxSeconds} here`,
    );
  }
  const image = await findImage(services, { reference, architecture: architectureOf(c), lent });
  const filename = linkFileName(wish.filename, image.filename);
  const id = crypto.getRandomValues(new Uint8Array(ID_BYTES)).toHex();
  const nowMs = Date.now();
  // Tokens count in whole seconds.
  const expiresAtSeconds = Math.floor(nowMs / 1000) + lifetimeSeconds;
  const expiresMs = expiresAtSeconds * 1000;
  const repository = repositoryPath(reference);
  const { digest, sizeBytes, mediaType } = image.layer;
  const token = await signLink({ id, repository, digest, filename, expiresAtSeconds }, config, nowMs);
  const lastModifiedMs = await lastModifiedOf(c, image, lent);
  const link = {
    id,
    digest,
    filename,
    createdBy: caller.name ?? "",
    createdMs: nowMs,
    expiresMs,
    maxDownloads: wish.maxDownloads,
    sizeBytes,
    mediaType,
    lastModifiedMs,
  };
  await callObject(() => services.repositories.getByName(repository).createLink(repository, link));
  const url = `${new URL(c.req.url).origin}/d/${token}/${encodeURIComponent(filename)}`;
  const expires = new Date(expiresMs).toISOString();
  return json(
    c,
    { id, url, expires, digest, size: sizeBytes, filename } satisfies z.infer<typeof NewLink>,
    201,
  );
}

function linkFileName(wished: string | undefined, usual: string): string {
  if (wished === undefined) return usual;
  const safe = safeBaseName(wished);
  if (safe === wished) return safe;
  throw new RegistryError(
    "invalid-request",
    `Cannot name a download "${wished.slice(0, 80)}": expected a file name without directories, quotes or control characters`,
  );
}

function describe(link: LinkRecord): z.infer<typeof LinkList>["links"][number] {
  return {
    id: link.id,
    digest: link.digest,
    filename: link.filename,
    createdBy: link.createdBy,
    created: new Date(link.createdMs).toISOString(),
    expires: new Date(link.expiresMs).toISOString(),
    revoked: link.revoked,
    maxDownloads: link.maxDownloads,
    downloads: link.downloads,
  };
}
