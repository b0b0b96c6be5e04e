/** `POST /v1/hash`: the digest of whatever is sent. */

import { z } from "@hono/zod-openapi";
import { largeReads } from "../blob/large-reads.ts";
import { prefersPlainText } from "../http/accept.ts";
import { type Route, addRoute } from "./add-route.ts";
import type { App } from "./app-type.ts";
import { NO_STORE } from "./cache-control.ts";
import { chargeCaller } from "./rate-limit.ts";
import { json, problems } from "./responses.ts";

const HashAnswer = z.object({ digest: z.string(), size: z.number().int() }).openapi("Hash");

const route = {
  method: "post",
  path: "/v1/hash",
  group: "Images",
  summary: "Hash a file as it streams",
  request: {
    body: {
      required: true,
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
  },
  responses: {
    200: {
      description: "sha256 and bytes of the body; with `Accept: text/plain` the digest alone and a newline",
      content: { "application/json": { schema: HashAnswer }, "text/plain": { schema: z.string() } },
    },
    ...problems(400),
  },
} as const satisfies Route;

/** Adds the route. It needs no credentials: it tells the caller nothing that the caller did not send. */
export function addHashRoute(app: App): void {
  addRoute(app, route, async (c) => {
    await chargeCaller(c);
    const { digest, sizeBytes } = await hash(c.req.raw.body);
    if (prefersPlainText(c.req.header("Accept") ?? null)) {
      return c.text(`${digest}\n`, 200, { "Cache-Control": NO_STORE });
    }
    return json(c, { digest, size: sizeBytes });
  });
}

async function hash(body: ReadableStream | null): Promise<{ digest: string; sizeBytes: number }> {
  const stream = new crypto.DigestStream("SHA-256");
  stream.digest.catch(() => {});
  const writer = stream.getWriter();
  let sizeBytes = 0;
  try {
    if (body !== null) {
      for await (const bytes of largeReads(body)) {
        await writer.write(bytes);
        sizeBytes += bytes.length;
      }
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
  return { digest: `sha256:${new Uint8Array(await stream.digest).toHex()}`, sizeBytes };
}
