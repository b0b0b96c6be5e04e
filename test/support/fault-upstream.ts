import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, before, blobAnswer, deliver, manifestAnswer, plain } from "./fault-answer.ts";
import { FaultAuth, type FaultAuthOptions } from "./fault-auth.ts";
import { FaultContent } from "./fault-content.ts";
import { listing } from "./fault-listing.ts";
import { type FaultCounters, FaultLog, type RecordedRequest } from "./fault-log.ts";
import { type BlobRedirects, Presigned, type PresignedBlob } from "./fault-presigned.ts";
import { part, registryFacts } from "./fault-route.ts";
import { type Fault, type FaultAction, FaultRules, type RequestFacts } from "./fault-rules.ts";

/** Options of {@link startFaultUpstream}. */
export interface FaultUpstreamOptions {
  readonly auth?: FaultAuthOptions;
  readonly redirectBlobs?: BlobRedirects;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * An OCI registry on loopback, with a second origin that stands for its storage, that fails as it is told to.
 * Everything it was asked is recorded, on both origins.
 *
 * @example
 * const upstream = await startFaultUpstream();
 * const image = upstream.addImage("lab/tool", "1.0", { sizeBytes: 40 * 1024 * 1024 });
 * upstream.fault({ match: { kind: "blob" }, times: 1, action: { kind: "drop", atByte: 1_000_000 } });
 */
export class FaultUpstream extends FaultContent {
  /** Address of the registry, without a trailing slash. */
  url = "";
  /** Address of the storage origin, without a trailing slash. */
  storageUrl = "";
  redirectBlobs: BlobRedirects | undefined;
  /** Answers `/_control`; see `fault-control.ts`. */
  onControl: Handler | undefined;
  readonly #auth = new FaultAuth(() => this.url);
  readonly #rules = new FaultRules();
  readonly #log = new FaultLog();
  readonly #presigned = new Presigned(() => this.storageUrl);
  readonly #servers: Server[] = [];

  /** Starts both origins; called by {@link startFaultUpstream}. */
  async listen(options: FaultUpstreamOptions): Promise<void> {
    this.configure(options);
    this.url = await this.#serve((request, response) => this.#registry(request, response));
    this.storageUrl = await this.#serve((request, response) => this.#storage(request, response));
  }

  /** Changes who may read and how blobs are redirected. */
  configure(options: FaultUpstreamOptions): void {
    this.#auth.options = options.auth ?? { scheme: "none" };
    this.redirectBlobs = options.redirectBlobs;
  }

  /** Makes every token given out so far worthless. */
  revokeTokens(): void {
    this.#auth.revokeTokens();
  }

  /** Orders a fault; returns its id. */
  fault(fault: Fault): number {
    return this.#rules.add(fault);
  }

  /** How many requests a fault befell: what proves that a test met it. */
  faultHits(id: number): number {
    return this.#rules.hits(id);
  }

  /** Takes back one fault, or all. */
  clearFaults(id?: number): void {
    this.#rules.clear(id);
  }

  /** The requests received on both origins since the last reset, oldest first; the latest 10,000 at most. */
  get requests(): readonly RecordedRequest[] {
    return this.#log.requests;
  }

  /** What was counted since the last reset. */
  get counters(): FaultCounters {
    return this.#log.counters;
  }

  /** Forgets requests and counts; content and faults stay. */
  resetLog(): void {
    this.#log.reset();
  }

  /** Stops both origins and breaks off every connection. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  async #serve(
    handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<string> {
    const server = createServer((request, response) => {
      handle(request, response).catch((error: unknown) => {
        response.destroy(error as Error);
      });
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    this.#servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #registry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = request;
    if (url === "/_control" && this.onControl) return this.onControl(request, response);
    const facts = registryFacts(method, url, headers.range, this);
    const record = this.#record(request, facts);
    if (facts.kind === "token" && method === "POST") record.body = await readText(request);
    const actions = this.#rules.take(facts);
    const early = await before(response, actions);
    if (early === "gone") return;
    const answer = early ?? this.#registryAnswer(facts, request, record, actions);
    await deliver(request, response, answer, actions, this.#log, record);
  }

  #registryAnswer(
    facts: RequestFacts,
    { headers }: IncomingMessage,
    record: RecordedRequest,
    actions: readonly FaultAction[],
  ): Answer {
    const { kind, method, repository = "", reference = "" } = facts;
    if (kind === "token") {
      const { searchParams } = new URL(facts.path, this.url);
      return plain(this.#auth.token(method, searchParams, headers, record.body));
    }
    const refusal = this.#auth.check(facts, headers);
    if (refusal !== undefined) return plain(refusal);
    if (kind === "ping") return plain({ status: 200, body: "{}" });
    if (kind === "manifest") return this.#manifest(repository, reference);
    if (kind === "blob") return this.#blob(facts, headers.range, actions);
    if (kind === "other") return plain({ status: 404 });
    return plain(listing(facts, this));
  }

  #manifest(repository: string, reference: string): Answer {
    const digest = this.resolve(repository, reference, true);
    const manifest = digest === undefined ? undefined : this.manifest(repository, digest);
    if (digest === undefined || manifest === undefined) return unknown("MANIFEST_UNKNOWN", reference);
    return manifestAnswer(manifest.bytes, manifest.mediaType, digest);
  }

  #blob(facts: RequestFacts, range: string | undefined, actions: readonly FaultAction[]): Answer {
    const { method, repository = "", reference = "" } = facts;
    const source = this.blob(repository, reference);
    if (source === undefined) return unknown("BLOB_UNKNOWN", reference);
    const redirects = this.redirectBlobs;
    const head = redirects?.head ?? "direct";
    if (redirects === undefined || (method === "HEAD" && head === "direct")) {
      return blobAnswer(source, reference, range, actions);
    }
    const uses = method === "HEAD" && head === "refused" ? 0 : redirects.uses;
    const location = this.#presigned.issue(repository, reference, uses);
    return plain({ status: redirects.status ?? 307, headers: { location } });
  }

  async #storage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/", headers } = request;
    const presigned = this.#presigned.find(path);
    const facts: RequestFacts = {
      server: "storage",
      method,
      path,
      kind: presigned === undefined ? "other" : "blob",
      ...(presigned === undefined
        ? {}
        : {
            repository: presigned.repository,
            reference: presigned.digest,
            ...part(this, presigned.repository, presigned.digest, headers.range),
          }),
    };
    const record = this.#record(request, facts);
    const actions = this.#rules.take(facts);
    const early = await before(response, actions);
    if (early === "gone") return;
    const answer = early ?? this.#storageAnswer(presigned, headers, actions);
    await deliver(request, response, answer, actions, this.#log, record);
  }

  #storageAnswer(
    presigned: PresignedBlob | undefined,
    headers: IncomingMessage["headers"],
    actions: readonly FaultAction[],
  ): Answer {
    // As S3 does, which takes the signature or the header, never both.
    if (headers.authorization !== undefined)
      return plain({ status: 400, body: "<Code>InvalidArgument</Code>" });
    const source = presigned && this.blob(presigned.repository, presigned.digest);
    if (presigned === undefined || source === undefined || presigned.uses-- <= 0) {
      return plain({ status: 403, body: "<Error><Code>AccessDenied</Code></Error>" });
    }
    return blobAnswer(source, presigned.digest, headers.range, actions);
  }

  #record(request: IncomingMessage, { server, method, path }: RequestFacts): RecordedRequest {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const record = {
      server,
      method,
      path,
      headers: Object.fromEntries(headers),
      body: "",
      status: 0,
      sentBytes: 0,
    };
    this.#log.add(record);
    return record;
  }
}

/** Starts a fault upstream on 127.0.0.1, on two ports of the system's choice. */
export async function startFaultUpstream(options: FaultUpstreamOptions = {}): Promise<FaultUpstream> {
  const upstream = new FaultUpstream();
  await upstream.listen(options);
  return upstream;
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}

function unknown(code: string, what: string): Answer {
  const message = `${what} is not known to the registry`;
  const body = JSON.stringify({ errors: [{ code, message }] });
  return plain({ status: 404, headers: { "content-type": "application/json" }, body });
}
