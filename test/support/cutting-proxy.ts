import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** Forwards connections to a server, and breaks one off. */
export interface CuttingProxy {
  /** `host:port`. */
  readonly host: string;
  /** The first lines and headers of all requests so far, as they were sent. */
  readonly heads: readonly string[];
  /** Connections that were broken off. */
  readonly cuts: () => number;
  /** Ends it and every connection through it. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy that breaks off the first connection to carry so many bytes from the server.
 *
 * @param url - address of the server
 * @param afterBytes - more than any small answer has
 */
export async function startCuttingProxy(url: string, afterBytes: number): Promise<CuttingProxy> {
  const { port } = new URL(url);
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: "127.0.0.1", port: Number(port) });
    let sent = 0;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => {
        sockets.delete(socket);
        end();
      });
      socket.on("error", end);
    }
    client.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      if (/^(?:GET|HEAD|POST) /.test(text)) heads.push(text.slice(0, text.indexOf("\r\n\r\n")));
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      sent += bytes.length;
      if (cuts > 0 || sent < afterBytes) {
        if (!client.write(bytes)) {
          upstream.pause();
          client.once("drain", () => upstream.resume());
        }
        return;
      }
      cuts++;
      // What went out before is to arrive.
      client.end();
      upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    cuts: () => cuts,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
