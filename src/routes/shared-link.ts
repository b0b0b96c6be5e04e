/** `GET`, `HEAD /d/{token}/{filename}`: what a signed link leads to. */

import { type RouteConfig, z } from "@hono/zod-openapi";
import { type LinkClaims, checkLinkTime, verifyLink } from "../access/link-token.ts";
import type { AppContext } from "../context.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRepositoryPath } from "../oci/reference.ts";
import { unwrap } from "../outcome.ts";
import { addRoute } from "./add-route.ts";
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
  summary: "Download by a signed link",
  description: "Needs no credentials. Answers HEAD and ranges as `/v1/images` does.",
  request: { params: z.object({ token: z.string(), filename: z.string() }) },
  responses: {
    200: { description: "The whole file", content: CONTENT },
    206: { description: "The range that was asked for", content: CONTENT },
    304: { description: "The client's copy is the same" },
    ...problems(403, 412, 416, 501, 502, 503, 504),
  },
} as const satisfies RouteConfig;

/** Adds the route. */
export function addSharedLinkRoute(app: App): void {
  addRoute(app, route, async (c) => {
    const { config, repositories } = c.var.services;
    const nowMs = Date.now();
    const claims = await verifyLink(c.req.param("token") ?? "", config, nowMs);
    checkLinkTime(claims, { resuming: resumes(c.req.raw.headers, claims.digest) }, config, nowMs);
    const link = await openLink(c, repositories, claims);
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
    });
  });
}

/** Not asked again when the answer is lost: a download would count twice. */
async function openLink(
  c: AppContext,
  repositories: AppContext["var"]["services"]["repositories"],
  { repository, id }: LinkClaims,
) {
  const counts = c.req.method === "GET" && startOf(c.req.raw.headers) === 0;
  return unwrap(await repositories.getByName(repository).openLink(repository, id, { counts }));
}

/** Where in the file a request begins: a suffix range counts as somewhere behind the start. */
function startOf(headers: Headers): number {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-/i.exec(headers.get("Range") ?? "");
  if (match === null) return 0;
  return match[1] === "" ? Infinity : Number(match[1]);
}

/** Whether a request goes on with a download that began earlier: it knows the digest and has some bytes already. */
function resumes(headers: Headers, digest: Digest): boolean {
  const validator = headers.get("If-Range") ?? headers.get("If-Match") ?? "";
  return startOf(headers) > 0 && validator.includes(`"${digest}"`);
}
