import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import type { BlobOffer, Pin } from "../blob/blob-state.ts";
import type { RegistryError } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../oci/media-types.ts";
import { Database } from "./database.ts";
import { GRACE_MS } from "./holdings.ts";
import { Links } from "./links.ts";
import { type BlobKeeper, LocalRepository } from "./local-repository.ts";

const PATH = "local/a";
const HOUR_MS = 3_600_000;
const ANY_LAYER = "application/octet-stream";

function digestOf(text: string): Digest {
  return parseDigest(`sha256:${createHash("sha256").update(text).digest("hex")}`);
}

/** Blobs as their objects keep them: dropped with the last pin. */
class FakeBlobs implements BlobKeeper {
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

let nowMs: number;
let storage: SqliteStorage;
let blobs: FakeBlobs;
let wakes: number[];
let listed: boolean;
let repository: LocalRepository;

function open(quotaBytes?: number): LocalRepository {
  return new LocalRepository({
    database: new Database(storage, PATH),
    path: PATH,
    blobs,
    store: () => Promise.resolve(),
    list: (value) => {
      listed = value;
      return Promise.resolve();
    },
    wakeBy: (timeMs) => {
      wakes.push(timeMs);
      return Promise.resolve();
    },
    quotaBytes,
    linkResumeMs: HOUR_MS,
    now: () => nowMs,
  });
}

beforeEach(() => {
  nowMs = Date.parse("2026-11-05T00:00:00Z");
  storage = new SqliteStorage();
  blobs = new FakeBlobs();
  wakes = [];
  listed = false;
  repository = open();
});

async function upload(name: string, sizeBytes = 10): Promise<Digest> {
  const digest = digestOf(name);
  repository.beginPush();
  await repository.takeBlob({ digest, sizeBytes, fillId: `fill-${name}`, layout: [] });
  return digest;
}

function manifest(value: object, mediaType: string, tag?: string) {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...value });
  return { digest: digestOf(text), mediaType, bytes: new TextEncoder().encode(text), tag };
}

function imageOf(digests: readonly Digest[], tag?: string, extra: object = {}) {
  const layers = digests.map((digest) => ({ mediaType: ANY_LAYER, digest, size: 10 }));
  return manifest({ layers, ...extra }, OCI_MANIFEST, tag);
}

function indexOf(
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

/** Lets time pass and collects as often as the alarm asks for it. */
async function days(count: number): Promise<void> {
  const endMs = nowMs + count * 24 * HOUR_MS;
  for (;;) {
    const next = wakes.sort((a, b) => a - b).shift();
    if (next === undefined || next > endMs) break;
    nowMs = Math.max(nowMs, next);
    await repository.collect();
  }
  nowMs = endMs;
}

const has = (digest: Digest): boolean => blobs.pins.has(digest);
const code = (word: string) => expect.objectContaining({ code: word });

describe("what was pushed", () => {
  it("stays for as long as a manifest names it", async () => {
    const blob = await upload("a");
    await repository.putManifest(imageOf([blob], "1.0"));
    await days(1000);
    expect(has(blob)).toBe(true);
    expect(repository.blob(blob)).toMatchObject({ sizeBytes: 10 });
    expect(listed).toBe(true);
  });

  it("goes a day later where no manifest came to name it", async () => {
    const blob = await upload("a");
    nowMs += GRACE_MS - 1;
    await repository.collect();
    expect(has(blob)).toBe(true);
    await days(2);
    expect(has(blob)).toBe(false);
    expect(repository.blob(blob)).toBeNull();
    await expect(repository.putManifest(imageOf([blob]))).rejects.toThrow(code("manifest-blob-unknown"));
  });

  it("stays when the tag moves on, for those who pull by digest", async () => {
    const [first, second] = [await upload("a"), await upload("b")];
    const before = imageOf([first], "1.0");
    await repository.putManifest(before);
    await repository.putManifest(imageOf([second], "1.0"));
    await days(100);
    expect(has(first)).toBe(true);
  });

  it("goes when its last tag is deleted, but for what something else names", async () => {
    const [own, shared] = [await upload("a"), await upload("b")];
    await repository.putManifest(imageOf([own, shared], "1.0"));
    await repository.putManifest(imageOf([shared], "2.0"));
    await repository.deleteTag("1.0");
    expect(repository.blob(own)).not.toBeNull();
    await days(3);
    expect(has(own)).toBe(false);
    expect(has(shared)).toBe(true);
    expect(repository.blob(shared)).toMatchObject({ sizeBytes: 10 });
  });

  it("goes when its manifest is deleted, and the tags with that", async () => {
    const blob = await upload("a");
    const image = imageOf([blob], "1.0");
    await repository.putManifest(image);
    await repository.deleteManifest(image.digest);
    await expect(repository.deleteTag("1.0")).rejects.toThrow(code("image-unknown"));
    expect(listed).toBe(false);
    await days(2);
    expect(has(blob)).toBe(false);
  });

  it("is given back by a new tag before the day is over", async () => {
    const blob = await upload("a");
    const image = imageOf([blob], "1.0");
    await repository.putManifest(image);
    await repository.deleteTag("1.0");
    nowMs += GRACE_MS / 2;
    await repository.putManifest({ ...image, tag: "2.0" });
    await days(100);
    expect(has(blob)).toBe(true);
  });

  it("goes with the index that named it, and with the manifest that it refers to", async () => {
    const [child, about] = [await upload("a"), await upload("b")];
    const image = imageOf([child]);
    await repository.putManifest(image);
    const index = indexOf([image], "1.0");
    await repository.putManifest(index);
    const subject = { mediaType: index.mediaType, digest: index.digest, size: index.bytes.length };
    await repository.putManifest(imageOf([about], undefined, { subject, artifactType: "test/x" }));
    await days(100);
    expect([has(child), has(about)]).toEqual([true, true]);
    const { descriptors } = repository.manifests.referrers(index.digest, { last: "", limit: 10 });
    expect(descriptors.map((text) => JSON.parse(text))).toMatchObject([{ artifactType: "test/x" }]);

    await repository.deleteTag("1.0");
    await days(10);
    expect([has(child), has(about)]).toEqual([false, false]);
    expect(listed).toBe(false);
  });

  it("stays while a link to it may be used", async () => {
    const blob = await upload("a");
    const image = imageOf([blob], "1.0");
    await repository.putManifest(image);
    const links = new Links({
      database: new Database(storage, PATH),
      resumeMs: HOUR_MS,
      now: () => nowMs,
    });
    links.create({
      id: "one",
      digest: blob,
      filename: "x",
      createdBy: "",
      createdMs: nowMs,
      expiresMs: nowMs + 5 * 24 * HOUR_MS,
      sizeBytes: 10,
      mediaType: ANY_LAYER,
      lastModifiedMs: 0,
    });
    await repository.deleteManifest(image.digest);
    await days(4);
    expect(has(blob)).toBe(true);
    expect(await repository.deleteBlob(blob).catch((error: RegistryError) => error.code)).toBe("unsupported");
    await days(3);
    expect(has(blob)).toBe(false);
  });
});

describe("a push under way", () => {
  it("loses nothing, however long it takes: no day without a sign of it passes", async () => {
    const config = await upload("config");
    for (let hours = 0; hours < 200; hours += 20) {
      nowMs += 20 * HOUR_MS;
      repository.beginPush();
      await repository.collect();
    }
    const layer = await upload("layer");
    await repository.putManifest(imageOf([config, layer], "1.0"));
    expect([has(config), has(layer)]).toEqual([true, true]);
  });

  it("loses nothing that it was told is there, whoever deletes what named that", async () => {
    const blob = await upload("a");
    const old = imageOf([blob], "old");
    await repository.putManifest(old);
    nowMs += 50 * GRACE_MS;
    // It asks, is told that it need not upload, and then the only manifest that named the blob goes.
    expect(repository.blob(blob)).not.toBeNull();
    await repository.deleteManifest(old.digest);
    nowMs += GRACE_MS - 1;
    await repository.collect();
    await repository.putManifest(imageOf([blob], "new"));
    await days(100);
    expect(has(blob)).toBe(true);
  });

  it("is told anew of a blob that nothing names, and that counts", async () => {
    const blob = await upload("a");
    for (let times = 0; times < 20; times++) {
      nowMs += GRACE_MS - HOUR_MS;
      expect(repository.blob(blob)).not.toBeNull();
      await repository.collect();
    }
    await repository.putManifest(imageOf([blob], "1.0"));
    expect(has(blob)).toBe(true);
  });

  it("that uploads a blob while it is being released has it afterwards", async () => {
    const blob = await upload("a");
    nowMs += 2 * GRACE_MS;
    let again: Promise<unknown> | undefined;
    blobs.before = async (what) => {
      if (what !== "unpin" || again !== undefined) return;
      // In the middle of the release: nobody is told any more that the blob is there, and the upload comes.
      expect(repository.blob(blob)).toBeNull();
      again = repository.takeBlob({ digest: blob, sizeBytes: 10, fillId: "again", layout: [] });
      await Promise.resolve();
    };
    await repository.collect();
    await again;
    expect(has(blob)).toBe(true);
    await repository.putManifest(imageOf([blob], "1.0"));
    await days(100);
    expect(has(blob)).toBe(true);
  });

  it("that mounts a blob which just went is told so", async () => {
    const blob = await upload("a");
    blobs.pins.clear();
    const other = digestOf("never there");
    expect(await repository.holdBlob(other, 10)).toBe(false);
    expect(repository.blob(other)).toBeNull();
    expect(await repository.holdBlob(blob, 10)).toBe(true);
  });
});

describe("a release that is interrupted", () => {
  it("is taken up again, and a late end of it undoes no newer hold", async () => {
    const blob = await upload("a");
    nowMs += 2 * GRACE_MS;
    blobs.before = (what) => {
      if (what === "unpin") throw new Error("out of reach");
    };
    await repository.collect();
    expect(repository.blob(blob)).toBeNull();
    blobs.before = () => {};
    // As after a crash: the tables are all that is left.
    repository = open();
    await repository.takeBlob({ digest: blob, sizeBytes: 10, fillId: "again", layout: [] });
    await blobs.unpin(blob, { repository: PATH, generation: 1 });
    expect(has(blob)).toBe(true);
    await repository.putManifest(imageOf([blob], "1.0"));
    await days(100);
    expect(has(blob)).toBe(true);
  });

  it("ends at the next collection", async () => {
    const blob = await upload("a");
    nowMs += 2 * GRACE_MS;
    blobs.before = (what) => {
      if (what === "unpin") throw new Error("out of reach");
    };
    await repository.collect();
    blobs.before = () => {};
    await days(1);
    expect(has(blob)).toBe(false);
  });
});

describe("a quota", () => {
  it("holds for what is stored and for what is announced", async () => {
    repository = open(25);
    expect(repository.beginPush()).toBe(25);
    const first = await upload("a");
    expect(repository.beginPush()).toBe(15);
    await upload("b");
    await expect(upload("c")).rejects.toThrow(code("quota-exceeded"));
    // What is there already costs nothing more.
    await upload("a");
    await repository.deleteBlob(first);
    await upload("c");
  });
});

describe("a manifest", () => {
  it("is refused when it gives a blob another size", async () => {
    const blob = await upload("a", 11);
    await expect(repository.putManifest(imageOf([blob]))).rejects.toThrow(code("unusable-manifest"));
  });

  it("is refused when it names a manifest that is not there", async () => {
    const index = indexOf([imageOf([])], "1.0");
    await expect(repository.putManifest(index)).rejects.toThrow(code("manifest-blob-unknown"));
  });

  it("moves a tag only from where it was expected", async () => {
    const [one, two] = [imageOf([await upload("a")], "1.0"), imageOf([await upload("b")], "1.0")];
    await repository.putManifest({ ...one, replaces: null });
    await expect(repository.putManifest({ ...two, replaces: null })).rejects.toThrow(
      code("precondition-failed"),
    );
    await repository.putManifest({ ...two, replaces: one.digest });
  });
});
