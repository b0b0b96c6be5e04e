import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../client.ts";
import type { Exchange, ExchangeOptions } from "../exchange.ts";
import type { Candidate } from "../peers/candidate.ts";
import type { BenchImage, BenchUpstream } from "../upstream.ts";

/** How often a client asks again before it gives up. */
const MAX_REQUESTS = 10;
/** Some store what passes through only when the client is not faster than their disk. */
const MAX_STORES = 5;
const SETTLE_MS = 20_000;
const POLL_MS = 5;

/** A range of bytes, as `[startBytes, endBytes)`; without an end, to the blob's. */
export interface ByteRange {
  readonly startBytes: number;
  readonly endBytes?: number;
}

/** A candidate that runs, and what clients do with it: the same requests whoever it is. */
export class Target {
  readonly candidate: Candidate;
  readonly #client: Client;
  readonly #upstream: BenchUpstream;

  constructor(candidate: Candidate, client: Client, upstream: BenchUpstream) {
    this.candidate = candidate;
    this.#client = client;
    this.#upstream = upstream;
  }

  /** Asks for an image's blob, or a range of it; the answer may be any. */
  blob(image: BenchImage, range?: ByteRange, options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
    const last = range?.endBytes === undefined ? "" : range.endBytes - 1;
    return this.#ask(this.candidate.blobPath(image), {
      ...options,
      ...(range && { headers: { range: `bytes=${range.startBytes}-${last}` } }),
    });
  }

  /**
   * Pulls an image as clients do: its manifest by the tag, then the blob.
   *
   * @returns the blob's exchange, its times counted from the first of both requests
   * @throws Error where the manifest is refused, or the blob does not come whole and was to
   */
  async pull(image: BenchImage, options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
    const path = this.candidate.manifestPath(image);
    const manifest = await this.#ask(path, {});
    if (manifest.status !== 200) throw new Error(`status ${manifest.status} for the manifest`);
    const blob = await this.blob(image, undefined, options);
    if (blob.status !== 200) throw new Error(`status ${blob.status} for the blob`);
    if (options.stopAfterBytes === undefined) assertWhole(blob, image.sizeBytes);
    return {
      ...blob,
      firstByteMs: manifest.totalMs + blob.firstByteMs,
      totalMs: manifest.totalMs + blob.totalMs,
    };
  }

  /**
   * Asks for a range, and reads no more than it.
   *
   * @throws Error where the answer is another part
   */
  async range(image: BenchImage, range: Required<ByteRange>): Promise<Exchange> {
    const bytes = range.endBytes - range.startBytes;
    const result = await this.blob(image, range, { stopAfterBytes: bytes });
    if (result.announcedBytes !== bytes && result.bodyBytes !== bytes) {
      throw new Error(`answers ${result.status} and the whole blob to a range`);
    }
    return result;
  }

  /**
   * Downloads a blob as curl does with `-C -` and `--retry`: where the connection breaks off, it asks for the rest.
   *
   * @param haveBytes - what it has from before
   * @returns how many requests it took
   * @throws Error where that does not lead to the whole
   */
  async downloadUntilWhole(image: BenchImage, haveBytes = 0): Promise<number> {
    let have = haveBytes;
    for (let requests = 1; requests <= MAX_REQUESTS; requests++) {
      const { status, bodyBytes } = await this.blob(image, have === 0 ? undefined : { startBytes: have });
      if (status === 206) have += bodyBytes;
      else if (status === 200) have = bodyBytes;
      if (have === image.sizeBytes) return requests;
      if (have > image.sizeBytes) throw new Error(`${have} bytes of ${image.sizeBytes} came`);
      await sleep(100);
    }
    throw new Error(`${have} bytes of ${image.sizeBytes} came in ${MAX_REQUESTS} requests`);
  }

  /** Has an image stored. */
  async store(image: BenchImage): Promise<void> {
    const request = this.candidate.warmUp?.(image);
    if (request === undefined) await this.pull(image);
    else await this.#ask(request.path, request);
  }

  /**
   * Has an image stored, and makes sure of it.
   *
   * @throws Error where the upstream is asked for its bytes again and again
   */
  async warm(image: BenchImage): Promise<void> {
    for (let attempt = 1; attempt <= MAX_STORES; attempt++) {
      await this.store(image);
      await this.settle();
      await this.#upstream.takeBytes(image);
      assertWhole(await this.blob(image), image.sizeBytes);
      await this.settle();
      if ((await this.#upstream.takeBytes(image)) === 0) return;
    }
    throw new Error(`has not stored the blob after ${MAX_STORES} downloads of it`);
  }

  /** One answer after the other to a small request: the manifest by its tag, on a connection that stays. */
  async manifestMs(image: BenchImage, requests: number): Promise<number> {
    const { port, headers } = this.candidate;
    const path = this.candidate.manifestPath(image);
    const rate = await this.#client.requestRate({
      method: "GET",
      port,
      path,
      headers,
      connections: 1,
      requests,
    });
    return 1000 / rate;
  }

  /** Begins a download, and returns it when something is so, or when it has ended before. */
  async begin(
    download: () => Promise<Exchange>,
    until: () => Promise<boolean>,
  ): Promise<{ readonly download: Promise<Exchange> }> {
    const running = download();
    const ended = running.then(
      () => true,
      () => true,
    );
    while (!(await until()) && !(await Promise.race([ended, sleep(POLL_MS, false)]))) continue;
    return { download: running };
  }

  /** Waits until the upstream sends nothing more. */
  async settle(): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    do await sleep(100);
    while ((await this.#upstream.calls.counters()).openBlobs > 0 && Date.now() < deadline);
  }

  #ask(path: string, options: Partial<ExchangeOptions>): Promise<Exchange> {
    const { port, headers } = this.candidate;
    return this.#client.exchange({
      method: "GET",
      port,
      path,
      ...options,
      headers: { ...headers, ...options.headers },
    });
  }
}

function assertWhole({ bodyBytes, announcedBytes }: Exchange, sizeBytes: number): void {
  if (bodyBytes !== sizeBytes || announcedBytes !== sizeBytes) {
    throw new Error(`${bodyBytes} bytes of ${announcedBytes} came, expected ${sizeBytes}`);
  }
}
