/** A repository of the service's own, outside of its object: with a clock of the test's, and blobs in memory. */
import { createHash } from "node:crypto";
import type { BlobOffer, Pin } from "../../src/blob/blob-state.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-types.ts";
import { Database } from "../../src/repository/database.ts";
import { type BlobKeeper, LocalRepository } from "../../src/repository/local-repository.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/** Its name. */
export const PATH = "local/a";
/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;
/** The media type of the layers of {@link imageOf}. */
export const ANY_LAYER = "application/octet-stream";

/** The digest of a text. */
export function digestOf(text: string): Digest {
  return parseDigest(`sha256:${createHash("sha256").update(text).digest("hex")}`);
}

/** Blobs as their objects keep them: dropped with the last pin. */
export class FakeBlobs implements BlobKeeper {
  readonly pins = new Map<Digest, Map<string, number>>();
  /** Called before a pin or its end takes effect. */
  before: (what: "pin" | "unpin", digest: Digest) => Promise<void> | void = () => {};

  async adopt(offer: BlobOffer, pin: Pin): Promise<{ fillId: string }> {
    if (!this.pins.has(offer.digest)) this.pins.set(offer.digest, new Map());
    await this.pin(offer.digest, pin);
    return { fillId: offer.fillId };
  }

  async pin(digest: Digest, { repository, generation }: Pin): Promise<boolean> {
    await this.before("pin", digest);
    const pins = this.pins.get(digest);
    if (pins === undefined) return false;
    pins.set(repository, Math.max(generation, pins.get(repository) ?? 0));
    return true;
  }

  async unpin(digest: Digest, { repository, generation }: Pin): Promise<void> {
    await this.before("unpin", digest);
    const pins = this.pins.get(digest);
    if (pins === undefined || (pins.get(repository) ?? 0) > generation) return;
    pins.delete(repository);
    if (pins.size === 0) this.pins.delete(digest);
  }
}

/** See above. */
export class LocalBench {
  nowMs = Date.parse("2026-11-05T00:00:00Z");
  readonly storage = new SqliteStorage();
  readonly blobs = new FakeBlobs();
  /** Whether the catalog has it. */
  listed = false;
  repository: LocalRepository;
  readonly #wakes: number[] = [];

  constructor() {
    this.repository = this.#open();
  }

  /** Starts anew, as after a crash: the tables are all that is left. */
  reopen(quotaBytes?: number): void {
    this.repository = this.#open(quotaBytes);
  }

  /** Uploads a blob of this name. */
  async upload(name: string, sizeBytes = 10): Promise<Digest> {
    const digest = digestOf(name);
    this.repository.beginPush();
    await this.repository.takeBlob({ digest, sizeBytes, fillId: `fill-${name}`, layout: [] });
    return digest;
  }

  /** Lets time pass and collects as often as the alarm asks for it. */
  async days(count: number): Promise<void> {
    const endMs = this.nowMs + count * 24 * HOUR_MS;
    for (;;) {
      const next = this.#wakes.sort((a, b) => a - b).shift();
      if (next === undefined || next > endMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      await this.repository.collect();
    }
    this.nowMs = endMs;
  }

  /** Whether anyone holds a blob. */
  has(digest: Digest): boolean {
    return this.blobs.pins.has(digest);
  }

  #open(quotaBytes?: number): LocalRepository {
    return new LocalRepository({
      database: new Database(this.storage, PATH),
      path: PATH,
      blobs: this.blobs,
      store: () => Promise.resolve(),
      list: (value) => {
        this.listed = value;
        return Promise.resolve();
      },
      wakeBy: (timeMs) => {
        this.#wakes.push(timeMs);
        return Promise.resolve();
      },
      quotaBytes,
      linkResumeMs: HOUR_MS,
      now: () => this.nowMs,
    });
  }
}

function manifest(value: object, mediaType: string, tag?: string) {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...value });
  return { digest: digestOf(text), mediaType, bytes: new TextEncoder().encode(text), tag };
}

/** The manifest of an image with these layers. */
export function imageOf(digests: readonly Digest[], tag?: string, extra: object = {}) {
  const layers = digests.map((digest) => ({ mediaType: ANY_LAYER, digest, size: 10 }));
  return manifest({ layers, ...extra }, OCI_MANIFEST, tag);
}

/** An index of these manifests. */
export function indexOf(
  children: readonly { digest: Digest; mediaType: string; bytes: Uint8Array }[],
  tag?: string,
) {
  const manifests = children.map(({ digest, mediaType, bytes }) => ({
    mediaType,
    digest,
    size: bytes.length,
  }));
  return manifest({ manifests }, OCI_INDEX, tag);
}
