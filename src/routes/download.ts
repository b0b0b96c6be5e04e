/** Sending a blob's bytes: the one shape of every response that carries them, under `/v1`, `/v2` or a link. */

import type { BlobSource } from "../blob/blob-state.ts";
import { type OpenBlob, openBlob } from "../blob/reader.ts";
import { touchBlob } from "../blob/touch.ts";
import { callObject } from "../call-object.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import type { AppContext } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { type CacheForward, type CacheHit, cacheStatus } from "../http/cache-status.ts";
import { type Validators, evaluatePreconditions, ifRangeHolds } from "../http/conditional.ts";
import { attachment } from "../http/content-disposition.ts";
import { contentRange, parseRange, unsatisfiedRange } from "../http/range.ts";
import { reprDigest } from "../http/repr-digest.ts";
import { checkPermitted, openPermittedBlob } from "../inspect/signature-policy.ts";
import { logFailure } from "../log.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryPath } from "../oci/reference.ts";
import { NO_STORE } from "./cache-control.ts";

/** What to send, and how to describe it. */
export interface Download {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Milliseconds since 1970; where it has yet to be asked for, that happens while the cache is looked into. */
  readonly lastModifiedMs: number | Promise<number>;
  readonly source: BlobSource;
  readonly cacheControl: string;
  /**
   * Whether it was found by a tag, which may name other bytes the next time. Their dates are no validators then: images
   * built to be reproducible all bear the same one, and a tag that is moved back names an older one.
   */
  readonly byTag?: boolean;
  /** Sent as an attachment of this name; without one where a client knows what to do with the bytes. */
  readonly filename?: string | undefined;
  /** Whether what led to this blob is an answer that could not be checked in time. */
  readonly stale?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked before a fill is started, with the offset of the first byte that is wanted; may refuse by throwing. */
  readonly mayFill?: (startBytes: number) => Promise<void>;
  /** Asked before bytes are sent, with the offset of the first one; may refuse by throwing. */
  readonly onSend?: (startBytes: number) => Promise<void>;
}

/** Which bytes a request gets. */
interface Extent {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly partial: boolean;
}

/**
 * Answers a GET or HEAD for a blob: conditions, range, headers, and the bytes as they become available.
 * @throws {RegistryError} `precondition-failed`, `range-not-satisfiable`, `signature-required`, and why the blob cannot
 *   be had.
 */
export async function download(c: AppContext, wanted: Download): Promise<Response> {
  const [commit, lastModifiedMs] = await Promise.all([
    c.var.services.commits.get(wanted.digest),
    wanted.lastModifiedMs,
  ]);
  const validators = { etag: `"${wanted.digest}"`, lastModified: new Date(lastModifiedMs) };
  const compared: Validators = wanted.byTag === true ? { etag: validators.etag } : validators;
  const requestHeaders = c.req.raw.headers;
  const verdict = evaluatePreconditions(requestHeaders, compared);
  if (verdict === "precondition-failed") {
    throw new RegistryError(
      "precondition-failed",
      `Cannot send "${wanted.digest}": it does not meet the request's If-Match or If-Unmodified-Since`,
    );
  }
  const headers = describe(wanted, validators);
  if (verdict === "not-modified") {
    for (const name of ["Content-Type", "Content-Disposition", "Accept-Ranges"]) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }

  const head = c.req.method === "HEAD";
  const extent = head ? whole(wanted) : extentOf(requestHeaders, wanted, compared);
  const status = extent.partial ? 206 : 200;
  headers.set("Content-Length", String(extent.endBytes - extent.startBytes));
  if (extent.partial) {
    headers.set("Content-Range", contentRange(extent.startBytes, extent.endBytes, wanted.sizeBytes));
  }
  const { digest, sizeBytes, source } = wanted;
  const request = { digest, sizeBytes, source, startBytes: extent.startBytes };
  if (head) {
    // What this service alone has is there or not; of anything else, the next GET brings it. Nothing is filled here.
    if (commit !== null || source.registry === LOCAL_REGISTRY)
      await openBlob(c.var.services, request, commit);
    await checkPermitted(c.var.services, request, commit);
    const handling = commit === null ? ({ fwd: "uri-miss" } as const) : ({ hit: true } as const);
    headers.set("Cache-Status", cacheStatus(statusOf(wanted, handling)));
    return new Response(null, { status, headers });
  }

  const { services } = c.var;
  if (commit === null) await wanted.mayFill?.(extent.startBytes);
  const blob = await services.timings.measure("open", openPermittedBlob(services, request, commit));
  await wanted.onSend?.(extent.startBytes);
  headers.set("Cache-Status", cacheStatus(statusOf(wanted, cacheStatusOf(blob))));
  if (blob.committed) c.executionCtx.waitUntil(touchBlob(c.var.services, wanted.digest));
  // Not verified yet: it must not outlive a fill that fails, in a cache on the way, as the true bytes would.
  else if (extent.partial) headers.set("Cache-Control", `${NO_STORE}, no-transform`);
  const { readable, writable } = new FixedLengthStream(extent.endBytes - extent.startBytes);
  c.executionCtx.waitUntil(send(c, wanted, blob, writable, extent));
  return new Response(readable, { status, headers });
}

/** Sends the bytes. Where the client goes away or the blob cannot be had, the connection breaks off. */
async function send(
  c: AppContext,
  { digest, source }: Download,
  blob: OpenBlob,
  writable: WritableStream,
  { startBytes, endBytes }: Extent,
): Promise<void> {
  let sentBytes = 0;
  try {
    await blob.send(writable, startBytes, endBytes);
    sentBytes = endBytes - startBytes;
  } catch (error) {
    if (!c.req.raw.signal.aborted) {
      logFailure({ event: "download-broken-off", digest, requestId: c.var.requestId }, error);
    }
    const gone = error instanceof RegistryError && error.code === "blob-unknown";
    // Of what lent credentials open nothing is remembered.
    if (gone && source.credentials === undefined) await forgetBlob(c, digest, source);
  }
  const outcome = blob.committed ? "hit" : blob.joined ? "collapsed" : "miss";
  c.var.services.metrics.download(outcome, repositoryPath(source), sentBytes);
}

/** The registry that was known to have a blob has it no more: the next request for it is told so before it begins. */
async function forgetBlob(c: AppContext, digest: Digest, source: BlobSource): Promise<void> {
  const path = repositoryPath(source);
  const { repositories } = c.var.services;
  // Where it cannot be told now, the next one that breaks off tells it.
  await callObject(() => repositories.getByName(path).forgetMembers(path, [digest])).catch(() => {});
}

function describe(wanted: Download, validators: Required<Validators>): Headers {
  const headers = new Headers(wanted.headers);
  headers.set("Content-Type", wanted.mediaType);
  headers.set("Accept-Ranges", "bytes");
  headers.set("ETag", validators.etag);
  headers.set("Docker-Content-Digest", wanted.digest);
  headers.set("Repr-Digest", reprDigest(wanted.digest));
  headers.set("Last-Modified", validators.lastModified.toUTCString());
  // A proxy that compressed the bytes would leave clients with another length and digest than announced.
  headers.set("Cache-Control", `${wanted.cacheControl}, no-transform`);
  headers.set("X-Content-Type-Options", "nosniff");
  if (wanted.filename !== undefined) headers.set("Content-Disposition", attachment(wanted.filename));
  return headers;
}

function whole({ sizeBytes }: Download): Extent {
  return { startBytes: 0, endBytes: sizeBytes, partial: false };
}

function extentOf(requestHeaders: Headers, wanted: Download, validators: Validators): Extent {
  const header = requestHeaders.get("Range");
  if (header === null || !ifRangeHolds(requestHeaders, validators)) return whole(wanted);
  const range = parseRange(header, wanted.sizeBytes);
  switch (range.kind) {
    case "whole":
      return whole(wanted);
    case "range":
      return { startBytes: range.start, endBytes: range.end, partial: true };
    case "unsatisfiable":
      throw new RegistryError(
        "range-not-satisfiable",
        `Cannot send range "${header.slice(0, 80)}" of "${wanted.digest}": it has ${wanted.sizeBytes} bytes`,
        { headers: { "Content-Range": unsatisfiedRange(wanted.sizeBytes), "Accept-Ranges": "bytes" } },
      );
  }
}

function cacheStatusOf(blob: OpenBlob): CacheHit | CacheForward {
  if (blob.committed) return { hit: true };
  return { fwd: "uri-miss", stored: true, collapsed: blob.joined };
}

function statusOf({ stale }: Download, status: CacheHit | CacheForward): CacheHit | CacheForward {
  return stale === true ? { fwd: "stale" } : status;
}
