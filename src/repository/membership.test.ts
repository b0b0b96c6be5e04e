import { beforeEach, describe, expect, it } from "vitest";
import { sifManifest } from "../../test/support/fake-registry.ts";
import { SqliteStorage } from "../../test/support/sqlite-storage.ts";
import { parseDigest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { Database } from "./database.ts";
import { Membership } from "./membership.ts";

const SIF = "application/vnd.sylabs.sif.layer.v1.sif";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const LAYER = parseDigest(`sha256:${"1".repeat(64)}`);
const ONE = parseDigest(`sha256:${"a".repeat(64)}`);
const TWO = parseDigest(`sha256:${"b".repeat(64)}`);
const NOW = Date.parse("2026-05-01T00:00:00Z");
const CREATED = "org.opencontainers.image.created";

let membership: Membership;

function record(digest: typeof ONE, content: object, nowMs: number) {
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  const manifest = parseManifest(bytes, (content as { mediaType: string }).mediaType);
  return membership.record(
    { digest, mediaType: manifest.mediaType, sizeBytes: bytes.byteLength },
    manifest,
    nowMs,
  );
}

beforeEach(() => {
  membership = new Membership(new Database(new SqliteStorage(), "lab/a"));
});

describe("Membership", () => {
  it("knows the blobs that a recorded manifest names, and no others", () => {
    const annotations = { "org.opencontainers.image.title": "lolcow.sif" };
    record(ONE, sifManifest({ digest: LAYER, size: 42, annotations }), NOW);
    expect(membership.blob(LAYER)).toEqual({
      sizeBytes: 42,
      mediaType: SIF,
      lastModifiedMs: NOW,
      manifestDigest: ONE,
      title: "lolcow.sif",
    });
    expect(membership.blob(parseDigest(`sha256:${"c".repeat(64)}`))).toMatchObject({ sizeBytes: 2 });
    expect(membership.blob(TWO)).toBeNull();
    expect(membership.manifest(ONE)).toMatchObject({ digest: ONE, mediaType: MANIFEST, firstNamedMs: NOW });
    expect(membership.manifest(TWO)).toBeUndefined();
  });

  it("takes the time that the manifest tells", () => {
    record(ONE, sifManifest({ digest: LAYER, size: 42 }, { [CREATED]: "2025-01-01T00:00:00Z" }), NOW);
    expect(membership.blob(LAYER)?.lastModifiedMs).toBe(Date.parse("2025-01-01T00:00:00Z"));
  });

  it("never changes a blob's time, whatever later manifests say", () => {
    record(ONE, sifManifest({ digest: LAYER, size: 42 }), NOW);
    record(TWO, sifManifest({ digest: LAYER, size: 43 }, { [CREATED]: "2025-01-01T00:00:00Z" }), NOW + 5000);
    expect(membership.blob(LAYER)).toMatchObject({ lastModifiedMs: NOW, sizeBytes: 43, manifestDigest: TWO });
  });

  it("tells the times of a manifest's blobs, but for those that a later one has named", () => {
    record(ONE, sifManifest({ digest: LAYER, size: 42 }), NOW);
    expect(membership.timesOf(ONE)).toMatchObject({ [LAYER]: NOW });
    expect(membership.timesOf(TWO)).toEqual({});
    record(TWO, sifManifest({ digest: LAYER, size: 42 }), NOW + 5000);
    expect(membership.timesOf(ONE)[LAYER]).toBeUndefined();
    expect(membership.timesOf(TWO)).toMatchObject({ [LAYER]: NOW });
    membership.forget();
    expect(membership.timesOf(TWO)).toEqual({});
  });

  it("lets an index grant nothing of what it names", () => {
    const index = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ mediaType: MANIFEST, digest: LAYER, size: 42 }],
    };
    record(ONE, index, NOW);
    expect(membership.manifest(ONE)).toBeDefined();
    expect(membership.blob(LAYER)).toBeNull();
    expect(membership.manifest(LAYER)).toBeUndefined();
  });

  it("forgets what may be read, but not since when it was known", () => {
    record(ONE, sifManifest({ digest: LAYER, size: 42 }), NOW);
    membership.forget();
    expect(membership.blob(LAYER)).toBeNull();
    expect(membership.manifest(ONE)).toBeUndefined();
    expect(record(ONE, sifManifest({ digest: LAYER, size: 42 }), NOW + 60_000).firstNamedMs).toBe(NOW);
    expect(membership.blob(LAYER)?.lastModifiedMs).toBe(NOW);
  });

  it("bounds what it keeps of a manifest's texts", () => {
    const layer = {
      digest: LAYER,
      size: 42,
      mediaType: `application/${"x".repeat(2_100_000)}`,
      annotations: { "org.opencontainers.image.title": "y".repeat(1_500_000) },
    };
    record(ONE, sifManifest(layer), NOW);
    expect(membership.blob(LAYER)).toEqual({
      sizeBytes: 42,
      mediaType: "application/octet-stream",
      lastModifiedMs: NOW,
      manifestDigest: ONE,
    });
  });
});
