import { beforeEach, describe, expect, it } from "vitest";
import { FakeRegistry, sifManifest } from "../../test/support/fake-registry.ts";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { RegistryError } from "../errors.ts";
import { parseDigest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { BlobIntake } from "./blob-intake.ts";
import { Database } from "./database.ts";
import { GuardedSource, REFUSAL_MS } from "./guarded-source.ts";
import { Membership } from "./membership.ts";

const BLOB = parseDigest(`sha256:${"1".repeat(64)}`);
const MANIFEST = parseDigest(`sha256:${"a".repeat(64)}`);

let nowMs = 0;
let denials = 0;
let registry: FakeRegistry;
let membership: Membership;
let blobs: BlobIntake;

beforeEach(() => {
  nowMs = Date.parse("2026-05-01T00:00:00Z");
  denials = 0;
  registry = new FakeRegistry();
  membership = new Membership(new Database(new SqliteStorage(), "lab/a"));
  const now = () => nowMs;
  const source = new GuardedSource({ source: registry, repository: "a", onDenied: () => denials++, now });
  blobs = new BlobIntake({ source, membership, now });
});

function nameIt(size: number): void {
  const bytes = new TextEncoder().encode(JSON.stringify(sifManifest({ digest: BLOB, size })));
  const manifest = parseManifest(bytes, "");
  membership.record(
    { digest: MANIFEST, mediaType: manifest.mediaType, sizeBytes: bytes.length },
    manifest,
    nowMs,
  );
}

describe("BlobIntake", () => {
  it("asks nobody about a blob that a known manifest names", async () => {
    nameIt(42);
    expect(await blobs.find(BLOB)).toMatchObject({ sizeBytes: 42, manifestDigest: MANIFEST });
    expect(registry.asked).toEqual([]);
  });

  it("asks the upstream once about any other, and keeps what it has", async () => {
    registry.blobs.set(BLOB, 7);
    const found = await Promise.all(Array.from({ length: 50 }, () => blobs.find(BLOB)));
    const blob = { sizeBytes: 7, mediaType: "application/octet-stream", lastModifiedMs: nowMs };
    expect(new Set(found.map((each) => JSON.stringify(each)))).toEqual(new Set([JSON.stringify(blob)]));
    nowMs += 3_600_000;
    expect(await blobs.find(BLOB)).toEqual(blob);
    expect(registry.asked).toEqual([`BLOB ${BLOB}`]);
  });

  it("learns more from a manifest that names it later, but no other time", async () => {
    registry.blobs.set(BLOB, 7);
    const before = await blobs.find(BLOB);
    nowMs += 60_000;
    nameIt(7);
    expect(await blobs.find(BLOB)).toMatchObject({
      mediaType: "application/vnd.sylabs.sif.layer.v1.sif",
      lastModifiedMs: before?.lastModifiedMs,
    });
  });

  it("finds none that the upstream does not have, and asks again later", async () => {
    expect(await Promise.all([blobs.find(BLOB), blobs.find(BLOB)])).toEqual([null, null]);
    expect(await blobs.find(BLOB)).toBeNull();
    expect(registry.asked).toEqual([`BLOB ${BLOB}`]);
    nowMs += REFUSAL_MS;
    registry.blobs.set(BLOB, 7);
    expect(await blobs.find(BLOB)).toMatchObject({ sizeBytes: 7 });
  });

  it("takes a denial for none, and not for a word on the repository", async () => {
    registry.failure = new RegistryError("upstream-denied", "Cannot ask: 403");
    expect(await blobs.find(BLOB)).toBeNull();
    expect(denials).toBe(0);
  });

  it("tells of an outage, and keeps nothing of it", async () => {
    registry.failure = new RegistryError("upstream-unavailable", "Cannot ask: 500");
    await expect(blobs.find(BLOB)).rejects.toThrow("Cannot ask: 500");
    registry.failure = undefined;
    registry.blobs.set(BLOB, 7);
    expect(await blobs.find(BLOB)).toMatchObject({ sizeBytes: 7 });
  });

  it("asks anew about a blob once the repository was denied", async () => {
    registry.blobs.set(BLOB, 7);
    await blobs.find(BLOB);
    membership.forget();
    registry.blobs.clear();
    expect(await blobs.find(BLOB)).toBeNull();
  });
});
