import { beforeEach, describe, expect, it } from "vitest";
import { FakeRegistry, sifManifest } from "../../test/support/fake-registry.ts";
import { MemoryManifests } from "../../test/support/memory-manifests.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { parseDigest } from "../oci/digest.ts";
import { LentRepository } from "./lent.ts";

const LAYER = parseDigest(`sha256:${"1".repeat(64)}`);
const NOW = Date.parse("2026-05-01T00:00:00Z");
const withCode = (code: ErrorCode) => expect.objectContaining({ code });

let registry: FakeRegistry;
let manifests: MemoryManifests;
let lent: LentRepository;

beforeEach(() => {
  registry = new FakeRegistry();
  manifests = new MemoryManifests();
  manifests.now = () => NOW;
  lent = new LentRepository({
    client: registry,
    manifests,
    path: "lab/a",
    repository: "a",
    now: () => NOW,
  });
});

describe("LentRepository", () => {
  it("asks the upstream each time, and fetches only what is not stored", async () => {
    const digest = registry.push(sifManifest({ digest: LAYER, size: 42 }), "1.0");
    const answer = await lent.resolve({ tag: "1.0" });
    expect(answer).toEqual({
      digest,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      sizeBytes: manifests.stored.get(digest)?.bytes.byteLength,
      firstNamedMs: NOW,
      freshness: "fresh",
      checkedAtMs: NOW,
    });
    expect(await lent.resolve({ tag: "1.0" })).toEqual(answer);
    expect(await lent.resolve({ digest })).toEqual(answer);
    expect(registry.asked).toEqual(["HEAD 1.0", `GET ${digest}`, "HEAD 1.0", `HEAD ${digest}`]);
  });

  it("costs one GET where the upstream does not know HEAD", async () => {
    registry.withoutHead = true;
    const digest = registry.push(sifManifest({ digest: LAYER, size: 42 }), "1.0");
    await lent.resolve({ tag: "1.0" });
    expect(registry.asked).toEqual(["GET 1.0"]);
    expect(manifests.stored.has(digest)).toBe(true);
  });

  it("shows nothing that is stored to credentials that do not suffice", async () => {
    const digest = registry.push(sifManifest({ digest: LAYER, size: 42 }), "1.0");
    await lent.resolve({ digest });
    registry.failure = new RegistryError("upstream-denied", "Cannot read: 403");
    await expect(lent.resolve({ digest })).rejects.toThrow(withCode("upstream-denied"));
    await expect(lent.blob(LAYER)).rejects.toThrow(withCode("upstream-denied"));
  });

  it("takes the upstream's word on the type of what is stored", async () => {
    const content = JSON.stringify({ ...sifManifest({ digest: LAYER, size: 42 }), mediaType: undefined });
    const digest = registry.push(content, "1.0");
    await manifests.put(digest, "application/vnd.example.other+json", new TextEncoder().encode(content));
    expect(await lent.resolve({ tag: "1.0" })).toMatchObject({
      digest,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
    });
  });

  it("is never stale", async () => {
    registry.push(sifManifest({ digest: LAYER, size: 42 }), "1.0");
    await lent.resolve({ tag: "1.0" });
    registry.failure = new RegistryError("upstream-unavailable", "Cannot connect");
    await expect(lent.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-unavailable"));
  });

  it("stores no manifest that is damaged", async () => {
    const digest = registry.push(sifManifest({ digest: LAYER, size: 42 }), "1.0");
    registry.substitute = { bytes: new TextEncoder().encode("no"), mediaType: "text/html", digest };
    await expect(lent.resolve({ tag: "1.0" })).rejects.toThrow(withCode("invalid-manifest"));
    registry.substitute = { ...registry.substitute, digest: LAYER };
    await expect(lent.resolve({ tag: "1.0" })).rejects.toThrow(withCode("digest-mismatch"));
    expect(manifests.stored.size).toBe(0);
  });

  it("asks the upstream for blobs", async () => {
    registry.blobs.set(LAYER, 42);
    expect(await lent.blob(LAYER)).toEqual({ sizeBytes: 42, mediaType: "application/octet-stream" });
    registry.blobs.clear();
    expect(await lent.blob(LAYER)).toBeNull();
  });
});
