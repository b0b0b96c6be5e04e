/** The part of the service that `sif-edge pull` uses, with one image in memory. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Misdeed, ScriptedServer } from "./scripted-server.ts";
import { makeSif } from "./sif-fixture.ts";

const MANIFEST_DIGEST = `sha256:${"1".repeat(64)}`;

/** See above. */
export class ImageServer extends ScriptedServer {
  readonly image = makeSif({ sizeBytes: 1_000_000 });
  /** What the server proposes to call the file. */
  filename = "tool_1.0.sif";

  constructor() {
    super((request, response) => this.#serve(request, response));
  }

  /** Sends some bytes of what is asked for, then breaks the connection. */
  cutAfter(bytes: number): Misdeed {
    return (request, response) => {
      const { start, headers, status } = this.#answerTo(request);
      response.writeHead(status, headers);
      response.flushHeaders();
      const part = this.image.bytes.subarray(start, start + bytes);
      if (part.length === 0) response.destroy();
      else response.write(part, () => setTimeout(() => response.destroy(), 20));
    };
  }

  /** Sends other bytes. */
  sendWrongBytes(): Misdeed {
    return (request, response) => {
      const { start, headers, status } = this.#answerTo(request);
      response.writeHead(status, headers).end(Buffer.alloc(this.image.sizeBytes - start, 7));
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (path.startsWith("/v1/digest/")) {
      const { digest, sizeBytes: size } = this.image;
      const body = { reference: "lab/tool:1.0", digest, size, filename: this.filename };
      response.end(JSON.stringify({ ...body, manifest: { digest: MANIFEST_DIGEST } }));
      return;
    }
    const { start, headers, status } = this.#answerTo(request);
    response.writeHead(status, headers).end(this.image.bytes.subarray(start));
  }

  #answerTo(request: IncomingMessage): { start: number; status: number; headers: Record<string, string> } {
    const { digest, sizeBytes } = this.image;
    const asked = /^bytes=([0-9]+)-$/.exec(request.headers.range ?? "")?.[1];
    const same = request.headers["if-range"] === `"${digest}"`;
    const start = asked !== undefined && same ? Number(asked) : 0;
    const headers = { etag: `"${digest}"`, "content-length": String(sizeBytes - start) };
    if (asked === undefined || !same) return { start, status: 200, headers };
    return {
      start,
      status: 206,
      headers: { ...headers, "content-range": `bytes ${start}-${sizeBytes - 1}/${sizeBytes}` },
    };
  }
}
