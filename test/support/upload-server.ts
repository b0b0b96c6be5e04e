/**
 * A registry in memory that takes uploads in chunks, to the letter of the OCI distribution specification 1.1: what a
 * connection brought before it broke stays, and the session tells how much that is.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Misdeed, ScriptedServer } from "./scripted-server.ts";
import { sha256Bytes } from "./sha256.ts";

const UPLOADS = /^\/v2\/(.+)\/blobs\/uploads\/([^?]*)(?:\?(.*))?$/;
const BLOB = /^\/v2\/.+\/blobs\/(sha256:[0-9a-f]+)$/;
const MANIFEST = /^\/v2\/(.+)\/manifests\/(.+)$/;

/** See above. */
export class UploadServer extends ScriptedServer {
  readonly blobs = new Map<string, Buffer>();
  /** By `repository:tag`. */
  readonly manifests = new Map<string, string>();
  readonly sessions = new Map<string, Buffer>();
  #count = 0;

  constructor() {
    super((request, response) => this.#serve(request, response));
  }

  override reset(): void {
    super.reset();
    this.blobs.clear();
    this.manifests.clear();
    this.sessions.clear();
  }

  /** Takes some bytes of a chunk, then breaks the connection. */
  cutAfter(bytes: number): Misdeed {
    return async (request) => {
      const id = UPLOADS.exec(request.url ?? "")?.[2] ?? "";
      const before = this.sessions.get(id)?.length ?? 0;
      if (bytes > 0) await this.#receive(request, id, before + bytes);
      request.socket.destroy();
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const upload = UPLOADS.exec(path);
    if (upload !== null) return this.#upload(request, response, upload);
    const blob = BLOB.exec(path);
    if (blob !== null) return end(response, this.blobs.has(blob[1] ?? "") ? 200 : 404);
    const manifest = MANIFEST.exec(path);
    if (manifest === null || request.method !== "PUT") return end(response, 404);
    this.manifests.set(`${manifest[1]}:${manifest[2]}`, (await bodyOf(request)).toString());
    return end(response, 201);
  }

  async #upload(request: IncomingMessage, response: ServerResponse, match: RegExpExecArray): Promise<void> {
    const [, repository = "", id = "", query = ""] = match;
    if (request.method === "POST") {
      const created = `u${this.#count++}`;
      this.sessions.set(created, Buffer.alloc(0));
      return end(response, 202, this.#headers(repository, created));
    }
    const session = this.sessions.get(id);
    if (session === undefined) return end(response, 404, {}, "BLOB_UPLOAD_UNKNOWN");
    if (request.method === "GET") return end(response, 204, this.#headers(repository, id));
    if (request.method === "DELETE") {
      this.sessions.delete(id);
      return end(response, 204);
    }
    if (request.method === "PATCH") {
      const range = request.headers["content-range"] ?? `${session.length}-`;
      if (Number(/^([0-9]+)-/.exec(range)?.[1]) !== session.length) {
        request.resume();
        return end(response, 416, this.#headers(repository, id));
      }
      await this.#receive(request, id, Infinity);
      return end(response, 202, this.#headers(repository, id));
    }
    const bytes = Buffer.concat([session, await bodyOf(request)]);
    const digest = new URLSearchParams(query).get("digest") ?? "";
    if (sha256Bytes(bytes) !== digest) return end(response, 400, {}, "DIGEST_INVALID");
    this.sessions.delete(id);
    this.blobs.set(digest, bytes);
    return end(response, 201);
  }

  async #receive(request: IncomingMessage, id: string, limit: number): Promise<void> {
    try {
      for await (const chunk of request) {
        const all = Buffer.concat([this.sessions.get(id) ?? Buffer.alloc(0), chunk as Buffer]);
        this.sessions.set(id, all.subarray(0, Math.min(limit, all.length)));
        if (all.length >= limit) return;
      }
    } catch {
      // What came stays.
    }
  }

  #headers(repository: string, id: string): Record<string, string> {
    const size = this.sessions.get(id)?.length ?? 0;
    // An address for one use, as registries that keep their state in it have.
    const location = `/v2/${repository}/blobs/uploads/${id}?at=${size}`;
    return { location, range: `0-${Math.max(0, size - 1)}` };
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  code?: string,
): void {
  const body =
    code === undefined ? "" : JSON.stringify({ errors: [{ code, message: "as the test has it" }] });
  response.writeHead(status, headers).end(body);
}
