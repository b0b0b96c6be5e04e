/** `/v1/cache/{ref}`: warming an image, watching its fill, dropping it. */

import { z } from "@hono/zod-openapi";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { BlobStatus } from "../blob/blob-state.ts";
import { openBlob } from "../blob/reader.ts";
import { callObject } from "../call-object.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { prefersOverJson } from "../http/accept.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import { logFailure } from "../log.ts";
import { type Image, findImage } from "../repository/image.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./authorized.ts";
import { NO_STORE } from "./cache-control.ts";
import { chargeCaller } from "./rate-limit.ts";
import { architectureOf, architectureQuery, referenceOf, referenceParams } from "./reference-param.ts";
import { json, problems } from "./responses.ts";

const CacheState = z
  .object({
    digest: z.string(),
    size: z.number().int().openapi({ description: "bytes" }),
    state: z.enum(["absent", "filling", "committed", "failed"]),
    stored: z.number().int().openapi({ description: "bytes in the cache so far" }),
    bytesPerSecond: z.number().int(),
    startedAt: z.string().nullable(),
    committedAt: z.string().nullable(),
    detail: z.string().nullable().openapi({ description: "why the last fill failed" }),
  })
  .openapi("CacheState");

const STATE = { "application/json": { schema: CacheState } };
const request = { params: referenceParams, query: architectureQuery };
const path = "/v1/cache/{ref}";

const warmRoute = {
  method: "put",
  path,
  group: "Cache",
  summary: "Start filling the cache with an image, without downloading it",
  request,
  responses: {
    202: { description: "The fill runs, or is done", content: STATE },
    ...problems(400, 401, 403, 404, 422, 502, 503, 504),
  },
} as const satisfies Route;

const stateRoute = {
  method: "get",
  path,
  group: "Cache",
  summary: "How far an image is in the cache",
  description: "With `Accept: text/event-stream` the same as events named `state`, until the fill has ended.",
  request,
  responses: {
    200: { description: "The state", content: { ...STATE, "text/event-stream": { schema: z.string() } } },
    ...problems(400, 401, 403, 404, 422, 502, 503, 504),
  },
} as const satisfies Route;

const dropRoute = {
  method: "delete",
  path,
  group: "Cache",
  summary: "Drop an image from the cache",
  request,
  responses: { 204: { description: "Dropped" }, ...problems(400, 401, 403, 404, 422, 502, 503, 504) },
} as const satisfies Route;

/** Adds the routes. */
export function addCacheRoutes(app: App): void {
  addRoute(app, warmRoute, async (c) => {
    const { image, lent } = await lookUp(c, "pull");
    const { registry, repository } = image.reference;
    const { digest, sizeBytes } = image.layer;
    const source = { registry, repository, credentials: lent };
    const commit = await c.var.services.commits.get(digest);
    // What is filling already costs nothing, however many ask for it.
    if (commit === null && (await statusOf(c, image)).state !== "filling") await chargeCaller(c);
    await openBlob(c.var.services, { digest, sizeBytes, source }, commit);
    return json(c, describe(image, await statusOf(c, image)), 202);
  });

  addRoute(app, stateRoute, async (c) => {
    const { image } = await lookUp(c, "pull");
    const status = await statusOf(c, image);
    const events = prefersOverJson(c.req.header("Accept") ?? null, "text/event-stream");
    return events ? streamStates(c, image, status) : json(c, describe(image, status));
  });

  addRoute(app, dropRoute, async (c) => {
    const { image } = await lookUp(c, "admin");
    if (image.reference.registry === LOCAL_REGISTRY) {
      throw new RegistryError(
        "unsupported",
        `Cannot drop "${image.layer.digest}" from the cache: repositories under "${LOCAL_REGISTRY}" have no other copy; delete the image instead`,
      );
    }
    await callObject(() => c.var.services.blobs.getByName(image.layer.digest).drop());
    return new Response(null, { status: 204, headers: { "Cache-Control": NO_STORE } });
  });
}

async function lookUp(c: AppContext, scope: "pull" | "admin") {
  const reference = referenceOf(c);
  const { lent } = await authorize(c, scope, reference);
  return {
    image: await findImage(c.var.services, { reference, architecture: architectureOf(c), lent }),
    lent,
  };
}

function statusOf(c: AppContext, image: Image): Promise<BlobStatus> {
  return callObject(() => c.var.services.blobs.getByName(image.layer.digest).status());
}

/** Sends the state whenever it changes, each second at least, and ends when nothing more will happen by itself. */
function streamStates(c: AppContext, image: Image, first: BlobStatus): Response {
  c.header("X-Accel-Buffering", "no");
  const { blobs } = c.var.services;
  const { digest } = image.layer;
  const send = async (events: SSEStreamingApi): Promise<void> => {
    let status = first;
    for (;;) {
      await events.writeSSE({ event: "state", data: JSON.stringify(describe(image, status)) });
      if (status.state !== "filling" || events.aborted) return;
      const seen = { state: status.state, storedBytes: status.storedBytes };
      status = await callObject(() => blobs.getByName(digest).watch(seen));
    }
  };
  const response = streamSSE(c, (events) =>
    // The stream ends, and whoever watches asks again; the helper would tell the console and not the log.
    send(events).catch((error: unknown) => {
      logFailure({ event: "watch-broken-off", digest, requestId: c.var.requestId }, error);
    }),
  );
  // Afterwards: the helper sets one of its own.
  response.headers.set("Cache-Control", NO_STORE);
  return response;
}

function describe(image: Image, status: BlobStatus): z.infer<typeof CacheState> {
  return {
    digest: image.layer.digest,
    size: image.layer.sizeBytes,
    state: status.state,
    stored: status.storedBytes,
    bytesPerSecond: status.bytesPerSecond,
    startedAt: timeOf(status.startedAtMs),
    committedAt: timeOf(status.committedAtMs),
    detail: status.failure?.message ?? null,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
