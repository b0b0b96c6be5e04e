import path from "node:path";
import { remoteFaultUpstream } from "../test/support/fault-remote.ts";
import type { RemoteFaultUpstream } from "../test/support/fault-remote.ts";
import { startProcessGroup, waitForOutput } from "../test/support/process-group.ts";
import type { ProcessGroup } from "../test/support/process-group.ts";
import { sifPieces } from "../test/support/sif-fixture.ts";

/** An image that the upstream has. */
export interface BenchImage {
  /** As the service names it. */
  readonly reference: string;
  readonly tag: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** Address of its blob at the upstream. */
  readonly upstreamUrl: URL;
}

/** The repository that all images are in, by the upstream's own name for it. */
export const REPOSITORY = "bench/image";

const MAIN = path.join(import.meta.dirname, "../test/support/fault-upstream-main.ts");

/** A registry in a process of its own, which makes the bytes of its images as they are asked for. */
export class BenchUpstream {
  /** Address, without a trailing slash. */
  readonly url: string;
  /** Orders faults, counts. */
  readonly calls: RemoteFaultUpstream;
  readonly #seed: number;
  readonly #process: ProcessGroup;
  readonly #images = new Map<string, Promise<BenchImage>>();

  private constructor(url: string, group: ProcessGroup, seed: number) {
    this.url = url;
    this.calls = remoteFaultUpstream(url);
    this.#process = group;
    this.#seed = seed;
  }

  /**
   * Starts it.
   *
   * @param seed - images of other seeds have other bytes
   */
  static async start(seed = 0): Promise<BenchUpstream> {
    const group = await startProcessGroup(process.execPath, [MAIN]);
    const [url] = await waitForOutput(group, /http:\/\/127\.0\.0\.1:\d+/);
    return new BenchUpstream(url, group, seed);
  }

  /** An image of that name and size; made at its first use, which takes a second per GiB. */
  image(name: string, sizeBytes: number): Promise<BenchImage> {
    const tag = `${name}-${sizeBytes}`;
    const known = this.#images.get(tag);
    if (known !== undefined) return known;
    const made = this.#makeImage(tag, sizeBytes, this.#seed * 1000 + this.#images.size + 1);
    this.#images.set(tag, made);
    return made;
  }

  /** Bytes of an image's blob that it has sent since {@link takeBytes} was last called. */
  async sentBytes(image: BenchImage): Promise<number> {
    const { blobBytes } = await this.calls.counters();
    return blobBytes[image.digest] ?? 0;
  }

  /** As {@link sentBytes}, and begins to count anew. */
  async takeBytes(image: BenchImage): Promise<number> {
    const bytes = await this.sentBytes(image);
    await this.calls.resetLog();
    return bytes;
  }

  /** Ends it. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  async #makeImage(tag: string, sizeBytes: number, seed: number): Promise<BenchImage> {
    // The header and metadata of a SIF file, before what stands for its partition.
    const [prefix] = sifPieces({ sizeBytes, seed });
    const { digest } = await this.calls.addImage(REPOSITORY, tag, {
      sizeBytes,
      seed,
      ...(prefix && { prefix: Uint8Array.from(prefix) }),
    });
    const upstreamUrl = new URL(`/v2/${REPOSITORY}/blobs/${digest}`, this.url);
    return { reference: `lab/${REPOSITORY}:${tag}`, tag, digest, sizeBytes, upstreamUrl };
  }
}
