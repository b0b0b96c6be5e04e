import type { ServerResponse } from "node:http";
import { createGzip } from "node:zlib";
import type { BlobSource } from "./fault-blobs.ts";
import type { BodyPlace, FaultAction } from "./fault-rules.ts";

/** A body to send: the bytes `[startBytes, endBytes)` of a source. */
export interface Body {
  readonly source: BlobSource;
  readonly startBytes: number;
  readonly endBytes: number;
}

interface Break {
  readonly at: number;
  readonly action: FaultAction;
}

/**
 * Sends a body with the faults that befall it. Ends when all is sent, when a fault says so, or when the client leaves.
 *
 * @param count - told of the bytes as they are handed to the connection
 */
export async function sendBody(
  response: ServerResponse,
  body: Body,
  actions: readonly FaultAction[],
  count: (bytes: number) => void,
): Promise<void> {
  if (actions.some(({ kind }) => kind === "gzip")) return sendCompressed(response, body, count);
  const breaks = actions.flatMap((action): Break[] =>
    action.kind === "drop" || action.kind === "stall" || action.kind === "flip"
      ? [{ at: placeOf(action, body), action }]
      : [],
  );
  breaks.sort((a, b) => a.at - b.at);
  const rates = actions.flatMap((action) => (action.kind === "throttle" ? [action.bytesPerSecond] : []));
  const write = writerOf(response, Math.min(...rates), count);

  let position = body.startBytes;
  for (const { at, action } of breaks) {
    if (at > body.endBytes) break;
    await write(body.source.slices(position, at));
    position = Math.max(position, at);
    if (response.destroyed) return;
    if (action.kind === "drop") {
      response.socket?.destroy();
      return;
    }
    if (action.kind === "stall") await stalled(response, action.ms);
    if (action.kind === "flip" && at < body.endBytes) {
      await write([...body.source.slices(at, at + 1)].map((slice) => slice.map((byte) => byte ^ 0xff)));
      position = at + 1;
    }
  }
  await write(body.source.slices(position, body.endBytes));
  if (response.destroyed) return;
  response.end();
  // A client that was promised more would otherwise wait for it on the open connection.
  if (actions.some(({ kind }) => kind === "content-length")) {
    response.once("finish", () => response.socket?.destroySoon());
  }
}

/** Waits so long, or until the client leaves. */
export async function stalled(response: ServerResponse, ms?: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await untilClosed(response, (done) => {
    if (ms !== undefined) timer = setTimeout(done, ms);
  });
  clearTimeout(timer);
}

/** Runs something that calls back; returns when it has, or when the client leaves. */
async function untilClosed(response: ServerResponse, run: (done: () => void) => void): Promise<void> {
  if (response.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("close", resolve);
  run(resolve);
  await promise;
  response.off("close", resolve);
}

function placeOf({ atByte, afterBytes }: BodyPlace, body: Body): number {
  return atByte ?? body.startBytes + (afterBytes ?? 0);
}

/** Writes slices one after the other, no faster than the client reads and the rate allows. */
function writerOf(
  response: ServerResponse,
  bytesPerSecond: number,
  count: (bytes: number) => void,
): (slices: Iterable<Uint8Array>) => Promise<void> {
  const startedMs = performance.now();
  let sentBytes = 0;
  const stepBytes = Math.max(1, Math.ceil(Math.min(bytesPerSecond / 50, 1024 * 1024)));
  return async (slices) => {
    for (const slice of slices) {
      for (let offset = 0; offset < slice.length && !response.destroyed; offset += stepBytes) {
        const bytes = slice.subarray(offset, offset + stepBytes);
        // Returns when the bytes have left this process, so that none is lost when a fault then ends the connection.
        await untilClosed(response, (done) => response.write(bytes, () => done()));
        count(bytes.length);
        sentBytes += bytes.length;
        const earlyMs = (sentBytes / bytesPerSecond) * 1000 - (performance.now() - startedMs);
        if (earlyMs > 1) await stalled(response, earlyMs);
      }
    }
  };
}

async function sendCompressed(
  response: ServerResponse,
  body: Body,
  count: (bytes: number) => void,
): Promise<void> {
  const gzip = createGzip();
  gzip.on("data", (chunk: Uint8Array) => {
    count(chunk.length);
  });
  gzip.pipe(response);
  for (const slice of body.source.slices(body.startBytes, body.endBytes)) gzip.write(slice);
  gzip.end();
  await stalled(response);
}
