/** HTTP/1.1 on a plain socket: counts bytes instead of handing them on, so that the client costs next to nothing. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { ResponseCounter } from "./response-counter.ts";

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
  /** Hashes the body; it is counted only, otherwise. */
  readonly hash?: boolean;
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
  /** Of the body, as `sha256:<hex>`, where it was to be hashed. */
  readonly digest?: string;
}

const READ_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(1024 * 1024);

let received = 0;

/** Bytes of all responses' bodies that this process has read so far, those of requests that still run included. */
export function receivedBytes(): number {
  return received;
}

/**
 * Sends a request and reads the response to its end, or as far as it is wanted, or until the connection breaks off.
 *
 * @throws Error where no connection is made or no response comes
 */
export async function exchange(options: ExchangeOptions): Promise<Exchange> {
  const startMs = performance.now();
  const response = new ResponseCounter(options.method, options.hash);
  let firstByteMs = 0;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const socket = connect({
    port: options.port,
    host: "127.0.0.1",
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback(count, buffer) {
        const before = response.bodyBytes;
        response.take(buffer.subarray(0, count));
        received += response.bodyBytes - before;
        if (response.bodyBytes > 0) firstByteMs ||= performance.now() - startMs;
        if (response.bodyBytes >= (options.stopAfterBytes ?? Infinity)) stop();
        pace(socket, response.bodyBytes, performance.now() - startMs, options.bytesPerSecond);
        return true;
      },
    },
  });
  socket.once("close", stop);
  await once(socket, "connect");
  // A server that dies breaks the connection off: "close" follows, and the bytes that came tell the rest.
  socket.on("error", () => {});
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
    ...(options.hash === true && { digest: response.digest }),
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
