/** HTTP/1.1 on a plain socket: counts bytes instead of handing them on, so that the client costs next to nothing. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** What to ask. */
export interface RequestOptions {
  readonly port: number;
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own. */
export interface ExchangeOptions extends RequestOptions {
  /** Size of the body to send, of zeros. */
  readonly bodyBytes?: number;
  /** What the body begins with, in base64; the rest is zeros. */
  readonly bodyStart?: string;
  /** Reads no faster than this. */
  readonly bytesPerSecond?: number;
  /** Goes away after so many bytes of the response's body. */
  readonly stopAfterBytes?: number;
}

/** What came of it. Times count from before the connection is made. */
export interface Exchange {
  readonly status: number;
  /** Bytes behind the response's head; more than the content's where it is chunked. */
  readonly bodyBytes: number;
  /** `Content-Length`, where there is one. */
  readonly announcedBytes: number | undefined;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

const READ_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Sends a request and reads the response to its end, or as far as it is wanted.
 *
 * @throws Error where no connection is made or no response comes
 */
export async function exchange(options: ExchangeOptions): Promise<Exchange> {
  const startMs = performance.now();
  const response = new ResponseCounter(options.method);
  let firstByteMs = 0;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const socket = connect({
    port: options.port,
    host: "127.0.0.1",
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback(count, buffer) {
        response.take(buffer.subarray(0, count));
        if (response.bodyBytes > 0) firstByteMs ||= performance.now() - startMs;
        if (response.bodyBytes >= (options.stopAfterBytes ?? Infinity)) stop();
        pace(socket, response.bodyBytes, performance.now() - startMs, options.bytesPerSecond);
        return true;
      },
    },
  });
  socket.once("close", stop);
  await once(socket, "connect");
  socket.write(headOf(options, { connection: "close", "content-length": options.bodyBytes }));
  const start = Buffer.from(options.bodyStart ?? "", "base64");
  socket.write(start);
  await Promise.all([sendZeros(socket, (options.bodyBytes ?? 0) - start.length), stopped]);
  socket.destroy();
  return {
    status: response.status,
    bodyBytes: response.bodyBytes,
    announcedBytes: response.announcedBytes,
    firstByteMs,
    totalMs: performance.now() - startMs,
  };
}

/** Which requests {@link requestRate} makes. */
export interface RequestRateOptions extends RequestOptions {
  /** Connections that are kept open, each with one request at a time. */
  readonly connections: number;
  /** Requests in all. */
  readonly requests: number;
}

/**
 * Asks the same thing over and over.
 *
 * @returns answers a second
 * @throws Error where an answer is not 200
 */
export async function requestRate(options: RequestRateOptions): Promise<number> {
  const head = headOf(options, {});
  let left = options.requests;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      while (left-- > 0) {
        const response = new ResponseCounter(options.method);
        socket.write(head);
        while (!response.isComplete) {
          const [bytes] = await once(socket, "data");
          response.take(bytes as Buffer);
        }
        if (response.status !== 200)
          throw new Error(`Cannot measure "${options.path}": status ${response.status}`);
      }
      socket.destroy();
    }),
  );
  return (options.requests / (performance.now() - startMs)) * 1000;
}

class ResponseCounter {
  bodyBytes = 0;
  readonly #method: RequestOptions["method"];
  #head: string | undefined;
  #text = "";

  constructor(method: RequestOptions["method"]) {
    this.#method = method;
  }

  /** Takes the next bytes of the response. */
  take(bytes: Uint8Array): void {
    if (this.#head !== undefined) {
      this.bodyBytes += bytes.length;
      return;
    }
    this.#text += Buffer.from(bytes).toString("latin1");
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#head = this.#text.slice(0, end);
    this.bodyBytes = this.#text.length - end - 4;
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.#head ?? "")?.[1] ?? Number.NaN);
  }

  get announcedBytes(): number | undefined {
    const length = /^content-length: *(\d+)/im.exec(this.#head ?? "")?.[1];
    return length === undefined ? undefined : Number(length);
  }

  get isComplete(): boolean {
    return this.#method === "HEAD" ? this.#head !== undefined : this.bodyBytes === this.announcedBytes;
  }
}

function headOf(
  options: RequestOptions,
  more: Readonly<Record<string, string | number | undefined>>,
): string {
  const headers = Object.entries({ host: `127.0.0.1:${options.port}`, ...options.headers, ...more })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${options.method} ${options.path} HTTP/1.1\r\n${headers.join("")}\r\n`;
}

async function sendZeros(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0 && !socket.destroyed; left -= ZEROS.length) {
    if (!socket.write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS)) await drained(socket);
  }
}

async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  socket.once("drain", done).once("close", done);
  await promise;
  socket.off("drain", done).off("close", done);
}

/** Holds the connection back until it is time for the bytes that have come. */
function pace(socket: Socket, bytes: number, elapsedMs: number, bytesPerSecond: number | undefined): void {
  if (bytesPerSecond === undefined) return;
  const earlyMs = (bytes / bytesPerSecond) * 1000 - elapsedMs;
  if (earlyMs < 10 || socket.isPaused()) return;
  socket.pause();
  setTimeout(() => {
    socket.resume();
  }, earlyMs);
}
