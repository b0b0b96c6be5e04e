/** Blobs: OCI distribution specification 1.1, end-2, and ranges as in RFC 9110 section 14. */

import { RegistryError } from "../errors.ts";
import { parseContentRange } from "../http/range.ts";
import type { Digest } from "../oci/digest.ts";
import { throwIfAborted } from "./abort.ts";
import { discard } from "./read-body.ts";
import type { Landed } from "./redirects.ts";
import { pullScope, type RegistryRequest, type Session } from "./session.ts";

/**
 * Where a registry sent one blob's requests on to: a presigned address, as good as a password while it lasts. Held by
 * whoever fetches the blob in pieces, for one repository and digest, and never stored or logged.
 */
export interface BlobLocation {
  url?: string | undefined;
}

/** Which part of a blob to open. */
export interface BlobRange {
  readonly startBytes: number;
  /** Exclusive; not beyond the blob's size. */
  readonly endBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Used where it is filled, and filled by what is learnt. */
  readonly location?: BlobLocation;
}

/** An opened blob. Whoever gets it reads or cancels the body; no silence in it is noticed here. */
export interface BlobBody {
  readonly body: ReadableStream<Uint8Array>;
  /** Where the body begins in the blob: what was asked for, or 0 where `ranged` is false. */
  readonly startBytes: number;
  /** The size of the whole blob, where the upstream tells. */
  readonly totalBytes: number | undefined;
  /** Whether the body is the range that was asked for. Otherwise it is the whole blob, from its first byte. */
  readonly ranged: boolean;
}

/** Answers to HEAD after which a range of one byte is tried: some registries know only GET, or cannot HEAD what they have not cached. */
const HEAD_REFUSED: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);

/**
 * Asks for the size of a blob, in bytes.
 * @throws {RegistryError} `blob-unknown`, `upstream-denied`, or why the upstream could not answer.
 */
export async function headBlob(
  session: Session,
  repository: string,
  digest: Digest,
  signal?: AbortSignal,
): Promise<{ sizeBytes: number }> {
  const head = await session.ask(blobRequest("HEAD", repository, digest, signal));
  await discard(head.response);
  const announced = head.response.status === 200 ? contentLength(head.response.headers) : undefined;
  if (announced !== undefined) return { sizeBytes: announced };

  const request = blobRequest("GET", repository, digest, signal, rangeHeader(0, 1));
  if (head.response.status !== 200 && !HEAD_REFUSED.has(head.response.status)) {
    throw await session.refusal(head, request);
  }
  const landed = await session.ask(request);
  const { status, headers } = landed.response;
  const range = parseContentRange(headers.get("content-range"));
  const ranged = status === 206 || (status === 416 && range?.kind === "unsatisfied");
  const sizeBytes = ranged ? range?.sizeBytes : status === 200 ? contentLength(headers) : undefined;
  if (sizeBytes === undefined) {
    if (status !== 200 && status !== 206) throw await session.refusal(landed, request);
    await discard(landed.response);
    throw unusable(session, request, "it does not tell its size");
  }
  await discard(landed.response);
  return { sizeBytes };
}

/**
 * Opens a part of a blob. Asks for exactly that range, and takes for an answer that range or the whole blob; which of the
 * two it is, `ranged` tells, and whoever resumes must look. The bytes are the blob's own, not encoded.
 * @throws {RegistryError} `blob-unknown`, `upstream-denied`, `upstream-rate-limited`, `upstream-unavailable`,
 *   `upstream-timeout`; `digest-mismatch` where the blob is shorter than `endBytes`.
 * @throws {RangeError} for a range that is none.
 */
export async function openBlob(
  session: Session,
  repository: string,
  digest: Digest,
  range: BlobRange,
): Promise<BlobBody> {
  const { startBytes, endBytes, signal, location = {} } = range;
  // The one blob that has no first byte to ask for is asked for whole.
  const empty = startBytes === 0 && endBytes === 0;
  if (!Number.isSafeInteger(startBytes) || !Number.isSafeInteger(endBytes) || startBytes < 0) {
    throw new RangeError(`Cannot open blob: ${startBytes} to ${endBytes} is no range of bytes`);
  }
  if (startBytes >= endBytes && !empty) {
    throw new RangeError(`Cannot open blob: the range from ${startBytes} to ${endBytes} is empty`);
  }
  const headers = empty ? {} : rangeHeader(startBytes, endBytes);
  const request = blobRequest("GET", repository, digest, signal, headers);

  const known = location.url;
  if (known !== undefined) {
    const body = await openKnown(session, new URL(known), request, range);
    if (body !== undefined) return body;
    // Unless another fetcher has found a better one in the meantime.
    if (location.url === known) location.url = undefined;
  }
  const landed = await session.ask(request);
  const body = await accept(session, landed, request, range);
  if (!landed.home) location.url = landed.url.href;
  return body;
}

/** `undefined` where the address does not work any more, in whatever way: the registry makes another. */
async function openKnown(
  session: Session,
  url: URL,
  request: RegistryRequest,
  range: BlobRange,
): Promise<BlobBody | undefined> {
  try {
    const landed = await session.askStorage(url, request.headers ?? {}, request.signal);
    return await accept(session, landed, request, range);
  } catch (error) {
    throwIfAborted(request.signal);
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** Takes an answer for what it is, or throws. */
async function accept(
  session: Session,
  landed: Landed,
  request: RegistryRequest,
  { startBytes, endBytes }: BlobRange,
): Promise<BlobBody> {
  const { response } = landed;
  const { status, headers } = response;
  const range = parseContentRange(headers.get("content-range"));
  const totalBytes = status === 200 ? contentLength(headers) : range?.sizeBytes;
  if ((status === 206 || status === 416) && totalBytes !== undefined && totalBytes < endBytes) {
    await discard(response);
    throw new RegistryError(
      "digest-mismatch",
      `Cannot ${session.describe(request.action)}: it has ${totalBytes} bytes there, fewer than its manifest says`,
    );
  }
  if (status !== 200 && status !== 206) throw await session.refusal(landed, request);
  const fault =
    encodingFault(headers) ?? (status === 206 ? rangeFault(headers, startBytes, endBytes) : undefined);
  if (fault !== undefined) {
    await discard(response);
    throw unusable(session, request, fault);
  }
  const ranged = status === 206;
  const body: ReadableStream<Uint8Array> = response.body ?? emptyBody();
  return { body, startBytes: ranged ? startBytes : 0, totalBytes, ranged };
}

function encodingFault(headers: Headers): string | undefined {
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return undefined;
  return "it was sent compressed although that was declined, so that no range of it can be told";
}

function rangeFault(headers: Headers, startBytes: number, endBytes: number): string | undefined {
  const header = headers.get("content-range");
  const range = parseContentRange(header);
  const asked = `${startBytes}-${endBytes - 1}`;
  if (range?.kind !== "range" || range.start !== startBytes || range.end !== endBytes) {
    return `bytes ${asked} were asked for, the answer's Content-Range is ${header === null ? "missing" : "another one"}`;
  }
  const length = headers.get("content-length");
  if (length === null || Number(length) === endBytes - startBytes) return undefined;
  return `bytes ${asked} were asked for, the answer's Content-Length is another one`;
}

function blobRequest(
  method: "GET" | "HEAD",
  repository: string,
  digest: Digest,
  signal: AbortSignal | undefined,
  headers: Readonly<Record<string, string>> = {},
): RegistryRequest {
  return {
    method,
    path: `${repository}/blobs/${digest}`,
    headers: { accept: "*/*", ...headers },
    scope: pullScope(repository),
    // A fill's failure is told to all who want the blob, and not all of them may know of this repository.
    action: `get blob "${digest}"`,
    wordless: true,
    missing: "blob-unknown",
    signal,
  };
}

/** Always with an end: registries are known to refuse or to misread one without. */
function rangeHeader(startBytes: number, endBytes: number): Readonly<Record<string, string>> {
  return { range: `bytes=${startBytes}-${endBytes - 1}` };
}

/** The length of the blob's own bytes; an encoded body has another. */
function contentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length") ?? "";
  return encodingFault(headers) === undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.close();
    },
  });
}

function unusable(session: Session, request: RegistryRequest, fault: string): RegistryError {
  return new RegistryError("upstream-unavailable", `Cannot ${session.describe(request.action)}: ${fault}`);
}
