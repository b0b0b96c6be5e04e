/** `GET`, `HEAD /d/{token}/{filename}`: what a signed link leads to. */

import { z } from "@hono/zod-openapi";
import { checkLinkTime, verifyLink } from "../access/link-token.ts";
import { callObject, callObjectOnce } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRepositoryPath } from "../oci/reference.ts";
import type { LinkUse } from "../repository/link-record.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { download } from "./download.ts";
import { problems } from "./responses.ts";

const CONTENT = {
  "application/vnd.sylabs.sif.layer.v1.sif": {
    schema: z.string().openapi({ format: "binary", description: "the SIF file" }),
  },
};

const route = {
  method: "get",
  path: "/d/{token}/{filename}",
  group: "Signed links",
  summary: "Download by a signed link",
  description: "Needs no credentials. Answers HEAD and ranges as `/v1/images` does.",
  request: { params: z.object({ token: z.string(), filename: z.string() }) },
  responses: {
    200: { description: "The whole file", content: CONTENT },
    206: { description: "The range that was asked for", content: CONTENT },
    304: { description: "The client's copy is the same" },
    ...problems(403, 412, 416, 501, 502, 503, 504),
  },
} as const satisfies Route;

/** Adds the route. */
export function addSharedLinkRoute(app: App): void {
  addRoute(app, route, async (c) => {
    const { config, repositories } = c.var.services;
    const nowMs = Date.now();
    const claims = await verifyLink(c.req.param("token") ?? "", config, nowMs);
    requireName(c.req.param("filename") ?? "", claims.filename);
    const resuming = mayResume(c.req.raw.headers, claims.digest);
    checkLinkTime(claims, { resuming }, config, nowMs);
    const open = (use: LinkUse) =>
      repositories.getByName(claims.repository).openLink(claims.repository, claims.id, use);
    const link = await callObject(() => open("look"));
    /** What looked like going on is a start: a range that was not taken as one. */
    const checkStart = () => checkLinkTime(claims, { resuming: false }, config, nowMs);
    const { registry, repository } = parseRepositoryPath(claims.repository);
    return download(c, {
      digest: claims.digest,
      sizeBytes: link.sizeBytes,
      mediaType: link.mediaType,
      lastModifiedMs: link.lastModifiedMs,
      source: { registry, repository },
      cacheControl: "private",
      filename: claims.filename,
      headers: { "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex" },
      // A link that is used up brings nothing into the cache, nor one whose time is over.
      mayFill: async (startBytes) => {
        if (startBytes > 0) return;
        checkStart();
        await callObject(() => open("check"));
      },
      onSend: async (startBytes) => {
        if (startBytes > 0) return;
        checkStart();
        await callObjectOnce(() => open("start"));
      },
    });
  });
}

/** Clients save a file under the last part of its address: nobody may choose another for a file that this service vouches for. */
function requireName(asked: string, signed: string): void {
  if (asked === signed) return;
  throw new RegistryError(
    "link-invalid",
    "Cannot open the link: its file name is not the one that it was made with; copy it again in full",
  );
}

/** Whether a request may be going on with a download that began earlier: it asks for a later part and knows the digest. */
function mayResume(headers: Headers, digest: Digest): boolean {
  const first = /^\s*bytes\s*=\s*(\d+)\s*-/i.exec(headers.get("Range") ?? "")?.[1];
  const validator = headers.get("If-Range") ?? headers.get("If-Match") ?? "";
  return Number(first ?? 0) > 0 && validator.includes(`"${digest}"`);
}
