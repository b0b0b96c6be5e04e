import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { BlobLife } from "../../src/blob/blob-life.ts";
import { BlobMemory } from "../../src/blob/blob-memory.ts";
import type { BlobRecord, BlobRecordStore } from "../../src/blob/blob-record.ts";
import { FillJournal } from "../../src/blob/journal.ts";
import { loadConfig } from "../../src/config.ts";
import { Metrics } from "../../src/metrics.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { commitKey } from "../../src/store/keys.ts";
import { PieceStore } from "../../src/store/piece-store.ts";

/** Of nothing: no upstream is needed to fill it. */
const DIGEST = parseDigest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

/** A bucket that holds the first `put` back until it is let go. */
function holdingBucket() {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const put = async (...args: Parameters<R2Bucket["put"]>): Promise<unknown> => {
    reached.resolve();
    await gate.promise;
    return env.BUCKET.put(...args);
  };
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      if (name === "put") return put;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { bucket, reached: reached.promise, letGo: gate.resolve };
}

function recordsInMemory(): BlobRecordStore & { readonly stored: () => BlobRecord | undefined } {
  let record: BlobRecord | undefined;
  return {
    stored: () => record,
    load: () => record,
    save: (next) => (record = next),
    clear: async () => (record = undefined),
    pins: { get: () => undefined, put() {}, delete() {}, any: () => false },
    wakeAt: async () => {},
  };
}

it("a blob that is dropped while its commit record is written is gone", async () => {
  const { bucket, reached, letGo } = holdingBucket();
  const records = recordsInMemory();
  const config = loadConfig(env);
  const life = new BlobLife({
    config,
    memory: new BlobMemory(records, config.blobIdleMs),
    pieces: new PieceStore(env.BUCKET),
    commits: new CommitStore(bucket),
    journal: new FillJournal({
      caretaker: () => env.CARETAKER.getByName("drop-at-commit"),
      limited: false,
      metrics: new Metrics(undefined),
      keepAlive: () => {},
    }),
  });
  await life.open({
    digest: DIGEST,
    sizeBytes: 0,
    source: { registry: "lab", repository: "drop/at-commit" },
  });
  await reached;
  const dropped = life.drop();
  letGo();
  await dropped;
  expect((await life.status()).state).toBe("absent");
  expect(records.stored()).toBeUndefined();
  expect(await env.BUCKET.head(commitKey(DIGEST))).toBeNull();
});
