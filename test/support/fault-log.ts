/** A request that a fault upstream received. */
export interface RecordedRequest {
  readonly server: "registry" | "storage";
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of small bodies, as a token request has. */
  body: string;
  /** 0 until the response headers left. */
  status: number;
  /** Body bytes handed to the connection. */
  sentBytes: number;
}

/** What a fault upstream has counted since it began or was last reset. */
export interface FaultCounters {
  readonly requests: number;
  /** Body bytes of all answers. */
  readonly sentBytes: number;
  /** Requests by method and path without query, as in `GET /v2/a/manifests/1`; on the storage origin `storage GET …`. */
  readonly byPath: Readonly<Record<string, number>>;
  /** Blob bytes by digest, from both origins. */
  readonly blobBytes: Readonly<Record<string, number>>;
  /** Blob bodies being sent now. */
  readonly openBlobs: number;
  /** The most that there were at once. */
  readonly peakBlobs: number;
}

/** The latest requests are kept, so that a long benchmark does not fill the memory. */
const KEPT_REQUESTS = 10_000;

/** What a fault upstream was asked and has sent. */
export class FaultLog {
  #requests: RecordedRequest[] = [];
  #count = 0;
  #sentBytes = 0;
  #byPath = new Map<string, number>();
  #blobBytes = new Map<string, number>();
  #openBlobs = 0;
  #peakBlobs = 0;

  /** The requests, oldest first. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** The counts so far. */
  get counters(): FaultCounters {
    return {
      requests: this.#count,
      sentBytes: this.#sentBytes,
      byPath: Object.fromEntries(this.#byPath),
      blobBytes: Object.fromEntries(this.#blobBytes),
      openBlobs: this.#openBlobs,
      peakBlobs: this.#peakBlobs,
    };
  }

  /** Forgets all but the bodies being sent. */
  reset(): void {
    this.#requests = [];
    this.#count = 0;
    this.#sentBytes = 0;
    this.#byPath = new Map();
    this.#blobBytes = new Map();
    this.#peakBlobs = this.#openBlobs;
  }

  /** Notes a request. */
  add(request: RecordedRequest): void {
    this.#count++;
    this.#requests.push(request);
    if (this.#requests.length > KEPT_REQUESTS) this.#requests.splice(0, KEPT_REQUESTS / 2);
    const [path] = request.path.split("?");
    increase(this.#byPath, `${request.server === "storage" ? "storage " : ""}${request.method} ${path}`, 1);
  }

  /** Notes body bytes. */
  sent(request: RecordedRequest, bytes: number, digest?: string): void {
    request.sentBytes += bytes;
    this.#sentBytes += bytes;
    if (digest !== undefined) increase(this.#blobBytes, digest, bytes);
  }

  /** Notes that a blob's body begins; returns what to call when it ends. */
  openBlob(): () => void {
    this.#openBlobs++;
    this.#peakBlobs = Math.max(this.#peakBlobs, this.#openBlobs);
    return () => {
      this.#openBlobs--;
    };
  }
}

function increase(map: Map<string, number>, key: string, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}
