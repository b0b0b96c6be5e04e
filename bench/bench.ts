import { Client } from "./client.ts";
import type { Exchange, ExchangeOptions, RequestRateOptions } from "./exchange.ts";
import { bundle, startRuntime } from "./runtime.ts";
import type { Bundle, Runtime } from "./runtime.ts";
import { AUTHORIZED, benchSettings } from "./settings.ts";
import { BenchUpstream, REPOSITORY } from "./upstream.ts";
import type { BenchImage } from "./upstream.ts";

/** Sizes of what is measured. */
export interface BenchOptions {
  /** Of an ordinary image. */
  readonly sizeBytes: number;
  /** Of one that would show whether something grows with the size. */
  readonly largeBytes: number;
  /** How often each thing is measured; the median counts. */
  readonly repetitions: number;
}

/** Digest of `{}`, the config of a SIF image. */
const EMPTY_CONFIG = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/** The three processes of a benchmark (workerd, upstream, clients) and what one does with them. */
export class Bench {
  readonly options: BenchOptions;
  readonly #bundle: Bundle;
  readonly #upstream: BenchUpstream;
  readonly #client = new Client();
  #uploads = 0;
  #runtime: Runtime;

  private constructor(options: BenchOptions, bundled: Bundle, upstream: BenchUpstream, runtime: Runtime) {
    this.options = options;
    this.#bundle = bundled;
    this.#upstream = upstream;
    this.#runtime = runtime;
  }

  /** Starts everything. */
  static async start(options: BenchOptions): Promise<Bench> {
    const bundled = await bundle("bench/worker.ts");
    const upstream = await BenchUpstream.start();
    const runtime = await startRuntime(bundled, benchSettings(upstream.url));
    return new Bench(options, bundled, upstream, runtime);
  }

  /** Starts another workerd with an empty store: nothing is warm, and its peak of memory is that of a start. */
  async fresh(): Promise<void> {
    await this.#runtime.stop();
    this.#runtime = await startRuntime(this.#bundle, benchSettings(this.#upstream.url));
    // What compiles once per process is not what is measured: one small image goes through everything first.
    await this.download(await this.image("warm-up", 1024 * 1024));
  }

  /** As {@link BenchUpstream.image}. */
  image(name: string, sizeBytes: number): Promise<BenchImage> {
    return this.#upstream.image(name, sizeBytes);
  }

  /** As {@link BenchUpstream.takeBytes}. */
  takeUpstreamBytes(image: BenchImage): Promise<number> {
    return this.#upstream.takeBytes(image);
  }

  /**
   * Pulls an image as Apptainer does: hash, size, download and digest each look the tag up anew, and each asks first whether
   * this is a registry and who it is.
   *
   * @param through - the service, or the upstream itself, which wants nobody to sign in
   * @returns how many requests the upstream got
   */
  async pullAsApptainer(image: BenchImage, through: "service" | "upstream"): Promise<number> {
    const { port, name, signIn } =
      through === "service"
        ? { port: this.#runtime.port, name: `lab/${REPOSITORY}`, signIn: true }
        : { port: Number(image.upstreamUrl.port), name: REPOSITORY, signIn: false };
    const get = async (path: string): Promise<Exchange> => {
      const headers = through === "service" ? AUTHORIZED : {};
      const result = await this.#client.exchange({ method: "GET", port, path, headers });
      if (result.status !== 200) throw new Error(`Cannot pull "${path}": status ${result.status}`);
      return result;
    };
    const tag = image.reference.slice(image.reference.lastIndexOf(":") + 1);
    await this.#upstream.calls.resetLog();
    for (const step of ["hash", "size", "download", "digest"]) {
      await get("/v2/");
      if (signIn) await get(`/token?scope=repository:${name}:pull`);
      await get(`/v2/${name}/manifests/${tag}`);
      if (step !== "download") continue;
      assertWhole(name, await get(`/v2/${name}/blobs/${image.digest}`), image.sizeBytes);
      await get(`/v2/${name}/blobs/${EMPTY_CONFIG}`);
    }
    return (await this.#upstream.calls.counters()).requests;
  }

  /** The largest memory that workerd has had since {@link fresh}. */
  peakMemoryBytes(): number {
    return this.#runtime.peakMemoryBytes();
  }

  /**
   * Downloads an image from the service.
   *
   * @throws Error where it is not whole, unless it was to stop early
   */
  async download(image: BenchImage, options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
    const result = await this.request({ method: "GET", path: `/v1/images/${image.reference}`, ...options });
    if (options.stopAfterBytes === undefined) assertWhole(image.reference, result, image.sizeBytes);
    return result;
  }

  /** Stores an image's blob as one R2 object, with none of our code. */
  async floorPut(image: BenchImage, key: string): Promise<Exchange> {
    const query = new URLSearchParams({ from: image.upstreamUrl.href }).toString();
    return this.request({ method: "POST", path: `/floor/put/${key}?${query}` }, 204);
  }

  /** Uploads a SIF file of that size, whose bytes no other upload has, into a repository of the service's own. */
  async upload(sizeBytes: number): Promise<Exchange> {
    const header = Buffer.alloc(128);
    header.write("SIF_MAGIC\x0001\x0002", 32);
    header.writeUInt32LE(++this.#uploads, 48);
    return this.request(
      {
        method: "PUT",
        path: `/v1/images/local/bench/upload:${this.#uploads}`,
        bodyBytes: sizeBytes,
        bodyStart: header.toString("base64"),
      },
      201,
    );
  }

  /** Stores an upload of zeros as one R2 object, with none of our code. */
  async floorUpload(sizeBytes: number, key: string): Promise<Exchange> {
    return this.request({ method: "PUT", path: `/floor/object/${key}`, bodyBytes: sizeBytes }, 204);
  }

  /** Downloads an R2 object that {@link floorPut} stored, with none of our code. */
  async floorGet(image: BenchImage, key: string): Promise<Exchange> {
    const result = await this.request({ method: "GET", path: `/floor/object/${key}` });
    assertWhole(key, result, image.sizeBytes);
    return result;
  }

  /** Fetches the first bytes of an image's blob from the upstream, without the service. */
  async fetchDirectly(image: BenchImage, bytes: number): Promise<Exchange> {
    const { port, pathname } = image.upstreamUrl;
    const headers = { range: `bytes=0-${bytes - 1}` };
    const result = await this.#client.exchange({
      method: "GET",
      port: Number(port),
      path: pathname,
      headers,
    });
    assertWhole(image.upstreamUrl.href, result, bytes);
    return result;
  }

  /** One request to workerd, by one who may do everything. */
  async request(options: Omit<ExchangeOptions, "port">, expected = 200): Promise<Exchange> {
    const result = await this.#client.exchange({ ...options, headers: AUTHORIZED, port: this.#runtime.port });
    if (result.status !== expected) {
      throw new Error(`Cannot measure "${options.path}": status ${result.status}, expected ${expected}`);
    }
    return result;
  }

  /** Answers a second to the same request from many connections. */
  requestRate(
    options: Omit<RequestRateOptions, "port" | "method"> & { method?: "GET" | "HEAD" },
  ): Promise<number> {
    return this.#client.requestRate({
      method: "GET",
      ...options,
      headers: AUTHORIZED,
      port: this.#runtime.port,
    });
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    this.#client.stop();
    await this.#runtime.stop();
    await this.#upstream.stop();
  }
}

function assertWhole(what: string, { bodyBytes, announcedBytes }: Exchange, sizeBytes: number): void {
  if (bodyBytes !== sizeBytes || announcedBytes !== sizeBytes) {
    throw new Error(
      `Cannot measure "${what}": ${bodyBytes} bytes of ${announcedBytes} came, expected ${sizeBytes}`,
    );
  }
}
