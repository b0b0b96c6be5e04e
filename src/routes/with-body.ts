/** Handling a request whose body is read as a stream. */

import type { AppContext } from "../context.ts";
import { BodyReader } from "../upload/body-reader.ts";

/** A request's body, and how long it is said to be. */
export interface RequestBody {
  readonly body: BodyReader;
  /** Bytes, where the request announces them; `undefined` for a body that is sent in chunks. */
  readonly announcedBytes: number | undefined;
}

/**
 * Runs a handler on the request's body and tidies up behind it: what it began goes on to its end although the client may
 * have gone, and a client whose body was refused gets to read why.
 */
export async function withBody(
  c: AppContext,
  handle: (request: RequestBody) => Promise<Response>,
): Promise<Response> {
  const body = new BodyReader(c.req.raw.body);
  const handling = handle({ body, announcedBytes: announcedBytes(c) });
  c.executionCtx.waitUntil(handling.catch(() => {}));
  try {
    return await handling;
  } finally {
    await body.drain();
  }
}

function announcedBytes(c: AppContext): number | undefined {
  if (c.req.raw.body === null) return 0;
  const text = c.req.header("Content-Length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
