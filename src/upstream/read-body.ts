/** Reading the small bodies of an upstream: manifests, tokens, lists, errors. Blobs are never read here. */

import { type ErrorCode, RegistryError } from "../errors.ts";
import { abortReason } from "./abort.ts";

/** Limits of {@link readBody}. */
export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** How long the whole body may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** @default "upstream-unavailable" */
  readonly tooLarge?: ErrorCode | undefined;
}

/** A body that could not be read to its end. Asking again may help with all but "too-large". */
export class BodyFailure extends Error {
  readonly kind: "too-large" | "timeout" | "broken";

  constructor(kind: BodyFailure["kind"], cause?: unknown) {
    super(`Cannot read body: ${kind}`, cause === undefined ? undefined : { cause });
    this.name = "BodyFailure";
    this.kind = kind;
  }
}

/**
 * Reads a whole body into memory.
 * @throws {BodyFailure} when it is larger than allowed, does not come in time, or breaks off; it is cancelled then.
 * @throws {unknown} the signal's reason.
 */
export async function readBody(response: Response, options: ReadBodyOptions): Promise<Uint8Array> {
  const { bytes, more } = await read(response, options);
  if (more) throw new BodyFailure("too-large");
  return bytes;
}

/** Reads the beginning of a body, as much as is allowed and comes; never fails but for the signal. */
export async function readBeginning(response: Response, options: ReadBodyOptions): Promise<Uint8Array> {
  try {
    return (await read(response, options)).bytes;
  } catch (error) {
    if (error instanceof BodyFailure) return new Uint8Array();
    throw error;
  }
}

/** Lets go of a body that nobody will read, so that its connection does not wait for that. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {
    // It may have failed already; there is nothing more to let go of.
  });
}

/** What to tell of a body that failed; `what` follows "Cannot". */
export function bodyError(failure: BodyFailure, what: string, options: ReadBodyOptions): RegistryError {
  const [code, fault] = {
    "too-large": [
      options.tooLarge ?? "upstream-unavailable",
      `the answer is larger than the ${options.maxBytes} bytes that are read`,
    ],
    timeout: ["upstream-timeout", `the answer was not complete within ${options.timeoutMs} ms`],
    broken: ["upstream-unavailable", "the connection broke off"],
  }[failure.kind] as [ErrorCode, string];
  return new RegistryError(code, `Cannot ${what}: ${fault}`, { cause: failure.cause });
}

async function read(
  response: Response,
  { maxBytes, timeoutMs, signal }: ReadBodyOptions,
): Promise<{ bytes: Uint8Array; more: boolean }> {
  if (response.body === null) return { bytes: new Uint8Array(), more: false };
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const ended = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    ended.reject(new BodyFailure("timeout"));
  }, timeoutMs);
  const onAbort = (): void => {
    if (signal !== undefined) ended.reject(abortReason(signal));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    while (size <= maxBytes) {
      const { value } = await Promise.race([reader.read(), ended.promise]);
      if (value === undefined) return { bytes: concatenate(chunks, size), more: false };
      chunks.push(value);
      size += value.length;
    }
    return { bytes: concatenate(chunks, size).subarray(0, maxBytes), more: true };
  } catch (error) {
    if (error instanceof BodyFailure) throw error;
    if (signal?.aborted === true) throw abortReason(signal);
    throw new BodyFailure("broken", error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    // Whether it ended or not: cancelling an ended stream does nothing.
    reader.cancel().catch(() => {});
  }
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
