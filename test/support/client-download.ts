import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";

/** A download that is under way, over a connection of its own. */
export interface ClientDownload {
  /** Its response's headers. */
  readonly headers: IncomingMessage["headers"];
  /** Body bytes that came so far. */
  receivedBytes(): number;
  /** Resolves when so many bytes have come, or rejects when the body ends or breaks off before. */
  received(bytes: number): Promise<void>;
  /** Reads to the end, and tells the digest of what came; rejects where it breaks off. */
  digest(): Promise<string>;
  /** Takes nothing more from the connection. */
  pause(): void;
  /** Goes on after {@link ClientDownload.pause}. */
  resume(): void;
  /** Vanishes: the connection is reset. */
  vanish(): void;
}

/** Begins a download; resolves with the response's headers. Reads as fast as it comes, unless it is paused. */
export async function startDownload(
  url: string,
  headers: Record<string, string> = {},
): Promise<ClientDownload> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // No agent: a connection of its own, which can be reset alone.
  const outgoing = request(url, { agent: false, headers }, resolve);
  outgoing.once("error", reject).end();
  const response = await promise;
  const hash = createHash("sha256");
  let bytes = 0;
  const waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  const ended = Promise.withResolvers<string>();
  // Whoever does not ask for the end does not care how it came.
  ended.promise.catch(() => {});
  response.on("data", (chunk: Uint8Array) => {
    hash.update(chunk);
    bytes += chunk.length;
    for (const wait of waiting.filter((wait) => wait.bytes <= bytes)) wait.resolve();
  });
  response.once("error", ended.reject);
  response.once("end", () => {
    if (response.complete) ended.resolve(`sha256:${hash.digest("hex")}`);
    else ended.reject(new Error("Cannot read download: it broke off"));
  });
  return {
    headers: response.headers,
    receivedBytes: () => bytes,
    async received(wanted) {
      const reached = Promise.withResolvers<void>();
      waiting.push({ bytes: wanted, resolve: reached.resolve });
      if (bytes < wanted) await Promise.race([reached.promise, ended.promise]);
      if (bytes < wanted) throw new Error(`Cannot wait for ${wanted} bytes: the download had ${bytes}`);
    },
    digest: () => ended.promise,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    vanish() {
      response.destroy();
      outgoing.socket?.resetAndDestroy();
    },
  };
}
