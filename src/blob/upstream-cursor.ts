/**
 * One upstream connection of a fill, as a cursor that moves forward through a blob.
 *
 * A connection that drops or falls silent is replaced by one that begins at the very byte where it stopped, inside a
 * piece too, so that an interruption costs a pause. Fetched twice is what had arrived of the read that it broke.
 */

import { type ErrorCode, RegistryError } from "../errors.ts";
import type { BlobBody } from "../upstream/registry-client.ts";
import { SilenceTimer } from "../upstream/silence-timer.ts";

/** The buffer that bytes pass through, one a connection. While the upstream is quick, reads grow until they fill it. */
const READ_BYTES = 1024 * 1024;
/**
 * A read from an upstream that is not known to be quick returns with this much: 4 KiB reads would cost JavaScript five
 * times as much. It is also what an upstream must send within the idle time, or it counts as silent.
 */
const CAUTIOUS_READ_BYTES = 128 * 1024;
/** An upstream is quick while a read takes no longer than this part of the idle time. */
const QUICK_DIVISOR = 32;
/** Connections in a row that may bring nothing before the fill is given up. */
const MAX_FRUITLESS_ATTEMPTS = 5;
const FIRST_BACKOFF_MS = 200;
/** A fill waits longer than anyone who wants an answer. */
const DEFAULT_PATIENCE_MS = 60_000;

/** Opens the blob's bytes `[startBytes, endBytes)`; see `RegistryClient.openBlob`. */
export type OpenRange = (startBytes: number, endBytes: number, signal: AbortSignal) => Promise<BlobBody>;

/** What a cursor needs. */
export interface UpstreamCursorOptions {
  readonly open: OpenRange;
  /** The blob's size, in bytes. */
  readonly sizeBytes: number;
  /** Silence after which a connection is given up, in milliseconds. */
  readonly idleMs: number;
  /** The longest `Retry-After` that an upstream is granted; a longer one is a failure. @default 60000 */
  readonly patienceMs?: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Told of every number of bytes that arrived and were wanted. */
  readonly onBytes: (bytes: number) => void;
  /** Told of each connection that failed and will be replaced. */
  readonly onInterruption?: (interruption: Interruption) => void;
}

/** A connection that is replaced after a pause. */
export interface Interruption {
  readonly code: ErrorCode;
  /** Connections in a row that brought nothing. */
  readonly attempt: number;
  readonly waitMs: number;
}

/** What ends a connection that brings nothing. */
interface Silence {
  readonly timer: SilenceTimer;
  readonly signal: AbortSignal;
}

/** A connection that stands at `position`. */
interface Connection {
  readonly reader: ReadableStreamBYOBReader;
  readonly silence: Silence;
  readonly ranged: boolean;
  position: number;
}

/** Reads a blob forward; owns at most one upstream connection, which {@link UpstreamCursor.close} ends. */
export class UpstreamCursor {
  readonly #options: UpstreamCursorOptions;
  #buffer = new ArrayBuffer(READ_BYTES);
  #connection: Connection | undefined;
  /** What the next read waits for. */
  #atLeastBytes = CAUTIOUS_READ_BYTES;
  #ranged: boolean | undefined;

  constructor(options: UpstreamCursorOptions) {
    this.#options = options;
  }

  /** Whether the upstream answers ranges; `undefined` before the first answer. */
  get ranged(): boolean | undefined {
    return this.#ranged;
  }

  /**
   * Writes the bytes `[startBytes, endBytes)` to `writer`, over as many connections as it takes.
   * @throws {RegistryError} when the upstream refuses, tells another size, or brings nothing several times in a row.
   * @throws {unknown} whatever `writer` fails with.
   */
  async copy(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    startBytes: number,
    endBytes: number,
  ): Promise<void> {
    let position = startBytes;
    let fruitless = 0;
    while (position < endBytes) {
      const before = position;
      let failure: unknown;
      try {
        const connection = await this.#connect(position, endBytes);
        while (position < endBytes) {
          const skip = position - connection.position;
          const bytes = await this.#read(connection, skip > 0 ? skip : endBytes - position);
          if (skip > 0) continue;
          await writeFrom(writer, bytes);
          this.#buffer = bytes.buffer as ArrayBuffer;
          position += bytes.length;
          this.#options.onBytes(bytes.length);
        }
        break;
      } catch (error) {
        failure = error;
      }
      await this.close();
      if (failure instanceof WriteFailure) throw failure.cause;
      this.#options.signal.throwIfAborted();
      fruitless = position - before >= CAUTIOUS_READ_BYTES ? 0 : fruitless + 1;
      await this.#pause(failure, fruitless);
    }
    if (this.#connection?.ranged === true) await this.close();
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    connection.silence.timer.stop();
    this.#atLeastBytes = CAUTIOUS_READ_BYTES;
    this.#buffer = new ArrayBuffer(READ_BYTES);
    await connection.reader.cancel().catch(ignore);
  }

  /** The connection to read `position` from: the one that is open, when it has not passed that byte yet. */
  async #connect(position: number, endBytes: number): Promise<Connection> {
    const open = this.#connection;
    if (open !== undefined && !open.ranged && open.position <= position) return open;
    await this.close();

    const silence = watchSilence(this.#options.idleMs, this.#options.signal);
    // Until the body comes, the registry client watches the time.
    const answer = await this.#options.open(position, endBytes, silence.signal);
    this.#ranged = answer.ranged;
    if (answer.totalBytes !== undefined && answer.totalBytes !== this.#options.sizeBytes) {
      await answer.body.cancel().catch(ignore);
      throw new RegistryError(
        "digest-mismatch",
        `Cannot fetch blob: the upstream has ${answer.totalBytes} bytes, its manifest says ${this.#options.sizeBytes}`,
      );
    }
    const connection: Connection = {
      reader: answer.body.getReader({ mode: "byob" }),
      silence,
      ranged: answer.ranged,
      position: answer.startBytes,
    };
    this.#connection = connection;
    return connection;
  }

  /** Reads up to `limit` bytes, at least one. */
  async #read(connection: Connection, limit: number): Promise<Uint8Array> {
    const length = Math.min(READ_BYTES, limit);
    const startedMs = Date.now();
    connection.silence.timer.restart();
    try {
      const { value } = await connection.reader.readAtLeast(
        Math.min(this.#atLeastBytes, length),
        new Uint8Array(this.#buffer, 0, length),
      );
      if (value === undefined || value.length === 0)
        throw new EarlyEnd(connection.position, this.#options.sizeBytes);
      this.#buffer = value.buffer;
      connection.position += value.length;
      const quick = Date.now() - startedMs <= this.#options.idleMs / QUICK_DIVISOR;
      // No faster than what has come: what a break costs is no more than that.
      this.#atLeastBytes = quick ? Math.min(this.#atLeastBytes * 2, READ_BYTES) : CAUTIOUS_READ_BYTES;
      return value;
    } catch (error) {
      // The runtime reports an aborted read in its own words: the reason tells more.
      const { signal } = connection.silence;
      throw signal.aborted ? signal.reason : error;
    } finally {
      connection.silence.timer.pause();
    }
  }

  /** Waits before the next connection, or throws the failure where another one would not help. */
  async #pause(failure: unknown, fruitless: number): Promise<void> {
    const error = asRegistryError(failure);
    if (!(failure instanceof EarlyEnd) && !RETRYABLE.has(error.code)) throw error;
    const backoffMs = fruitless === 0 ? 0 : FIRST_BACKOFF_MS * 2 ** (fruitless - 1) * (0.5 + Math.random());
    const waitMs = Math.max(backoffMs, (error.retryAfterSeconds ?? 0) * 1000);
    const { patienceMs = DEFAULT_PATIENCE_MS } = this.#options;
    if (fruitless >= MAX_FRUITLESS_ATTEMPTS || waitMs > patienceMs) throw error;
    this.#options.onInterruption?.({ code: error.code, attempt: fruitless, waitMs: Math.round(waitMs) });
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#options.signal.throwIfAborted();
  }
}

/** Failures that pass. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "upstream-unavailable",
  "upstream-timeout",
  "upstream-rate-limited",
]);

/** The upstream ended a body in good order, but too early. */
class EarlyEnd extends RegistryError {
  constructor(position: number, sizeBytes: number) {
    super(
      "digest-mismatch",
      `Cannot fetch blob: the upstream ended it at byte ${position}, its manifest says ${sizeBytes} bytes`,
    );
  }
}

/** Carries a failure of the writer past the handling of upstream failures. */
class WriteFailure extends Error {}

async function writeFrom(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
  try {
    // Awaited before the buffer is read into again: the stream does not copy what it is given.
    await writer.write(bytes);
  } catch (cause) {
    throw new WriteFailure("Cannot write piece", { cause });
  }
}

/** A timer whose signal aborts when an upstream was silent for too long, and with the outer signal. */
function watchSilence(idleMs: number, outer: AbortSignal): Silence {
  const controller = new AbortController();
  const timer = new SilenceTimer(idleMs, () => {
    controller.abort(
      new RegistryError("upstream-timeout", `Cannot fetch blob: the upstream sent nothing for ${idleMs} ms`),
    );
  });
  return { timer, signal: AbortSignal.any([controller.signal, outer]) };
}

function asRegistryError(failure: unknown): RegistryError {
  if (failure instanceof RegistryError) return failure;
  return new RegistryError("upstream-unavailable", "Cannot fetch blob: the upstream's connection broke off", {
    cause: failure,
  });
}

function ignore(): void {
  // A connection that is given up may fail in any way it likes.
}
