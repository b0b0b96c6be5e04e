import type { IncomingMessage, ServerResponse } from "node:http";
import type { PlainAnswer } from "./fault-auth.ts";
import { type BlobSource, bytesBlob } from "./fault-blobs.ts";
import { type Body, sendBody, stalled } from "./fault-body.ts";
import type { FaultLog, RecordedRequest } from "./fault-log.ts";
import { readRange } from "./fault-route.ts";
import type { FaultAction } from "./fault-rules.ts";

/** An answer, before faults touch its headers and body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Set for blobs, whose bytes are counted. */
  readonly digest?: string;
}

/** A short answer as an {@link Answer}. */
export function plain({ status, headers = {}, body = "" }: PlainAnswer): Answer {
  return { status, headers, body: whole(bytesBlob(Buffer.from(body))) };
}

/** A manifest in full. */
export function manifestAnswer(bytes: Uint8Array, mediaType: string, digest: string): Answer {
  const headers = { "content-type": mediaType, "docker-content-digest": digest };
  return { status: 200, headers, body: whole(bytesBlob(bytes)) };
}

/** A blob, or the part of it that `range` asks for. */
export function blobAnswer(
  stored: BlobSource,
  digest: string,
  range: string | undefined,
  actions: readonly FaultAction[],
): Answer {
  const resize = actions.find((action) => action.kind === "resize");
  const source = resize === undefined ? stored : resized(stored, resize.sizeBytes);
  const { sizeBytes } = source;
  const ignored = actions.some(({ kind }) => kind === "ignore-range");
  const read = ignored ? undefined : readRange(range, sizeBytes);
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    ...(ignored ? {} : { "accept-ranges": "bytes" }),
  };
  if (read === "unsatisfiable") {
    return {
      ...plain({ status: 416, headers: { ...headers, "content-range": `bytes */${sizeBytes}` } }),
      digest,
    };
  }
  if (read === undefined) return { status: 200, headers, body: whole(source), digest };
  const { startBytes, endBytes } = read;
  const contentRange = `bytes ${startBytes}-${endBytes - 1}/${sizeBytes}`;
  return {
    status: 206,
    headers: { ...headers, "content-range": contentRange },
    body: { source, startBytes, endBytes },
    digest,
  };
}

/** The faults that happen before an answer is made; returns the answer that takes its place, or "gone". */
export async function before(
  response: ServerResponse,
  actions: readonly FaultAction[],
): Promise<Answer | "gone" | undefined> {
  for (const action of actions) {
    if (action.kind === "delay") await stalled(response, action.ms);
    if (action.kind === "hang") {
      await Promise.race([
        stalled(response, action.ms),
        ...(action.until === undefined ? [] : [action.until]),
      ]);
    }
    if (action.kind === "drop" && action.atByte === undefined && action.afterBytes === undefined) {
      response.socket?.destroy();
    }
    if (response.destroyed || response.socket?.destroyed === true) return "gone";
    if (action.kind === "status") {
      const { status, headers = {}, body = "" } = action;
      return { status, headers, body: whole(bytesBlob(Buffer.from(body))) };
    }
  }
  return undefined;
}

/** Sends an answer with the faults that befall it. */
export async function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  actions: readonly FaultAction[],
  log: FaultLog,
  record: RecordedRequest,
): Promise<void> {
  const replaced = actions.find((action) => action.kind === "body");
  const body = replaced === undefined ? answer.body : whole(bytesBlob(Buffer.from(replaced.body)));
  const type = replaced?.contentType;
  response.statusCode = answer.status;
  setHeaders(response, { ...answer.headers, ...(type === undefined ? {} : { "content-type": type }) });
  setLength(response, body, actions);
  for (const action of actions) if (action.kind === "headers") setHeaders(response, action.set);
  record.status = answer.status;
  if (request.method === "HEAD" || answer.status === 204 || answer.status === 304) {
    response.end();
    return;
  }
  response.flushHeaders();
  const closed = answer.digest === undefined ? undefined : log.openBlob();
  try {
    await sendBody(response, body, actions, (bytes) => {
      log.sent(record, bytes, answer.digest);
    });
  } finally {
    closed?.();
  }
}

function setLength(response: ServerResponse, body: Body, actions: readonly FaultAction[]): void {
  const lie = actions.find((action) => action.kind === "content-length");
  if (actions.some(({ kind }) => kind === "gzip")) response.setHeader("content-encoding", "gzip");
  else if (!actions.some(({ kind }) => kind === "chunked")) {
    response.setHeader("content-length", body.endBytes - body.startBytes + (lie?.add ?? 0));
  }
  if (lie !== undefined) response.setHeader("connection", "close");
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) response.removeHeader(name);
    else response.setHeader(name, value);
  }
}

function whole(source: BlobSource): Body {
  return { source, startBytes: 0, endBytes: source.sizeBytes };
}

/** The same bytes, cut off or followed by zeros. */
function resized(source: BlobSource, sizeBytes: number): BlobSource {
  return {
    sizeBytes,
    *slices(startBytes, endBytes) {
      yield* source.slices(startBytes, Math.min(endBytes, source.sizeBytes));
      const padding = Math.min(endBytes, sizeBytes) - Math.max(startBytes, source.sizeBytes);
      for (let left = padding; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536));
    },
  };
}
