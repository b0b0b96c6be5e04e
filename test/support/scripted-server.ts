/** An HTTP server for tests that misbehaves as it is told to, and otherwise does what its content does. */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { freePort } from "./free-port.ts";

/** What is done with a request in place of answering it well. */
export type Misdeed = (
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void>,
) => Promise<void> | void;

/** Requests, by method and path, and what befalls the first `times` of them. */
export interface Script {
  readonly method: string;
  readonly path: RegExp;
  /** @default 1 */
  readonly times?: number;
  readonly act: Misdeed;
}

/** A request that came. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** Answers requests on loopback. */
export class ScriptedServer {
  url = "";
  readonly calls: Call[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #content: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  #scripts: { script: Script; left: number }[] = [];

  constructor(content: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
    this.#content = content;
  }

  /** Starts to listen. */
  async start(): Promise<void> {
    const port = await freePort();
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Ends it, with every connection. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Forgets calls and scripts. */
  reset(): void {
    this.calls.length = 0;
    this.#scripts = [];
  }

  /** Adds a misdeed. */
  script(script: Script): void {
    this.#scripts.push({ script, left: script.times ?? 1 });
  }

  /** Whether every misdeed was done as often as it was to be: what proves that a test met it. */
  get allDone(): boolean {
    return this.#scripts.every(({ left }) => left === 0);
  }

  /** Calls of one kind. */
  callsOf(method: string, path: RegExp): readonly Call[] {
    return this.calls.filter((call) => call.method === method && path.test(call.path));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    this.calls.push({ method, path, headers });
    const found = this.#scripts.find(
      ({ script, left }) => left > 0 && script.method === method && script.path.test(path),
    );
    if (found === undefined) return this.#content(request, response);
    found.left -= 1;
    await found.script.act(request, response, () => this.#content(request, response));
  }
}

/** Answers a status, and nothing else. */
export function answerWith(status: number, headers: Record<string, string> = {}, body = ""): Misdeed {
  return (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };
}

/** Breaks the connection before anything is answered. */
export function hangUp(): Misdeed {
  return (request) => {
    request.socket.destroy();
  };
}
