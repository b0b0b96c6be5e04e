/** Sending a large body to an upstream: as it comes, with a limit on the upstream's silence and on nobody else's. */

import { RegistryError } from "../errors.ts";
import { SilenceTimer } from "./silence-timer.ts";

/** A body that comes from elsewhere. */
export interface BodySource {
  /** The next bytes, at most `limit`, gone at the next read; `undefined` at the end. */
  read(limit: number): Promise<Uint8Array | undefined>;
}

/** What {@link sendBody} sends. */
export interface OutgoingBody {
  readonly source: BodySource;
  /** How many bytes it has; sent in chunks where that is not known. */
  readonly bytes: number | undefined;
  /** How long the upstream may take no bytes, and then give no answer. */
  readonly idleMs: number;
  /** How long the answer may take once the upstream has everything. */
  readonly answerMs: number;
}

const READ_BYTES = 256 * 1024;

/**
 * Sends a body by a request, and gives the answer to that.
 * @param send makes the request with the stream as its body, to be given up with the signal
 * @throws {RegistryError} `size-mismatch` where the source has fewer bytes than announced; `upstream-timeout`
 * @throws {unknown} what the source or the request fails with
 */
export async function sendBody<T>(
  body: OutgoingBody,
  send: (body: ReadableStream, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { readable, writable } =
    body.bytes === undefined ? new IdentityTransformStream() : new FixedLengthStream(body.bytes);
  const patience = new Patience();
  const answer = send(readable, patience.signal);
  // One that comes early is a refusal: the rest need not be sent.
  const answered = answer.then(ended, ended);
  const sourceFailure = await pump(body, writable.getWriter(), patience, answered);
  try {
    const value = await answer;
    if (sourceFailure === undefined) return value;
  } catch (error) {
    if (sourceFailure === undefined) throw error;
  } finally {
    patience.end();
  }
  throw sourceFailure.cause;
}

/** What the source failed with; a destination that fails shows in the answer. */
interface SourceFailure {
  readonly cause: unknown;
}

async function pump(
  { source, bytes, idleMs, answerMs }: OutgoingBody,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  patience: Patience,
  answered: Promise<typeof ENDED>,
): Promise<SourceFailure | undefined> {
  let sentBytes = 0;
  for (;;) {
    const left = bytes === undefined ? READ_BYTES : bytes - sentBytes;
    let read: Uint8Array | typeof ENDED | undefined;
    try {
      read = left === 0 ? undefined : await Promise.race([source.read(left), answered]);
      if (read === undefined && bytes !== undefined && sentBytes < bytes) throw tooShort(bytes);
    } catch (cause) {
      await writer.abort(cause).catch(() => {});
      return { cause };
    }
    try {
      if (read === ENDED) {
        await writer.abort(new Error("The upstream has answered"));
        return undefined;
      }
      patience.within(read === undefined ? answerMs : idleMs);
      if (read === undefined) {
        await writer.close();
        return undefined;
      }
      // Awaited before the buffer is read into again: the stream does not copy what it is given.
      await writer.write(read);
    } catch {
      return undefined;
    }
    // Now it is the source that is waited for, which has all the time that it wants.
    patience.rest();
    sentBytes += read.length;
  }
}

const ENDED = Symbol("ended");

function ended(): typeof ENDED {
  return ENDED;
}

/** Gives a request up when something takes too long. */
class Patience {
  readonly #controller = new AbortController();
  #ms: number | undefined;
  #timer: SilenceTimer | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for something that may take so many milliseconds. */
  within(ms: number): void {
    if (ms !== this.#ms) {
      this.end();
      this.#ms = ms;
      this.#timer = new SilenceTimer(ms, () => {
        this.#controller.abort(
          new RegistryError("upstream-timeout", `Cannot send upload: the upstream did nothing for ${ms} ms`),
        );
      });
    }
    this.#timer?.restart();
  }

  /** Waits for nothing, until the next {@link Patience.within}. */
  rest(): void {
    this.#timer?.pause();
  }

  /** Waits for nothing any more. */
  end(): void {
    this.#timer?.stop();
  }
}

function tooShort(announcedBytes: number): RegistryError {
  return new RegistryError(
    "size-mismatch",
    `Cannot take upload: fewer than the announced ${announcedBytes} bytes came`,
  );
}
