import { beforeEach, describe, expect, it, vi } from "vitest";
import { LAYER, OTHER_LAYER, ResolverBench, TTL, UNKNOWN, image } from "../../test/support/resolver-bench.ts";
import { sha256Bytes } from "../../test/support/sha256.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import { parseDigest } from "../oci/digest.ts";
import { REFUSAL_MS } from "./guarded-source.ts";

let bench: ResolverBench;
beforeEach(() => {
  vi.spyOn(console, "log").mockReturnValue();
  bench = new ResolverBench();
});

const withCode = (code: ErrorCode) => expect.objectContaining({ code });

describe("a tag", () => {
  it("is looked up by one GET for a whole herd", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => bench.resolver.resolve({ tag: "1.0" })),
    );
    expect(bench.asked()).toEqual(["GET 1.0"]);
    expect(new Set(answers.map((answer) => answer.digest))).toEqual(new Set([digest]));
    expect(answers[0]).toMatchObject({
      freshness: "fresh",
      checkedAtMs: bench.nowMs,
      firstNamedMs: bench.nowMs,
    });
    expect(bench.manifests.stored.get(digest)?.bytes.byteLength).toBe(answers[0]?.sizeBytes);
    expect(bench.membership.blob(LAYER)).toMatchObject({ manifestDigest: digest });
  });

  it("is believed for its time without a look at upstream or store, then confirmed by HEAD alone", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0", TTL - 1);
    bench.manifests.looks = 0;
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
    expect([bench.asked(), bench.manifests.looks]).toEqual([[], 0]);
    bench.nowMs += 1;
    await Promise.all([bench.resolver.resolve({ tag: "1.0" }), bench.resolver.resolve({ tag: "1.0" })]);
    expect(bench.asked()).toEqual(["HEAD 1.0"]);
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ checkedAtMs: bench.nowMs });
    expect(bench.asked()).toEqual([]);
  });

  it("moves when the upstream moved it, and what it named before still belongs here", async () => {
    const before = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    const after = bench.registry.push(image(OTHER_LAYER), "1.0");
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest: after, freshness: "fresh" });
    expect(bench.membership.blob(LAYER)).toMatchObject({ manifestDigest: before });
    expect(bench.membership.blob(OTHER_LAYER)).toMatchObject({ manifestDigest: after });
    bench.asked();
    expect(await bench.resolver.resolve({ digest: before })).toMatchObject({ digest: before });
    expect(bench.asked()).toEqual([]);
  });

  it("costs one GET where the upstream does not know HEAD", async () => {
    bench.registry.withoutHead = true;
    const digest = bench.registry.push(image(LAYER), "1.0");
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest });
    expect(bench.asked()).toEqual(["GET 1.0"]);
    expect(bench.manifests.stored.has(digest)).toBe(true);
  });

  it("is still known after an eviction", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0", TTL - 1);
    bench.start();
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest, freshness: "fresh" });
    expect(bench.asked()).toEqual([]);
  });

  it("that nobody has is asked for once in a while only", async () => {
    const ask = () => bench.resolver.resolve({ tag: "none" });
    await expect(Promise.all([ask(), ask()])).rejects.toThrow(withCode("image-unknown"));
    await expect(ask()).rejects.toThrow(withCode("image-unknown"));
    expect(bench.asked()).toEqual(["GET none"]);
    bench.nowMs += REFUSAL_MS;
    bench.registry.push(image(LAYER), "none");
    expect(await ask()).toMatchObject({ freshness: "fresh" });
    expect(bench.storage.sql.exec("SELECT tag FROM tags").toArray()).toEqual([{ tag: "none" }]);
  });

  it("that the upstream deleted is forgotten, its image is not", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    bench.registry.tags.delete("1.0");
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("image-unknown"));
    bench.fail("upstream-unavailable");
    bench.nowMs += REFUSAL_MS;
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("upstream-unavailable"));
    expect(await bench.resolver.resolve({ digest })).toMatchObject({ digest });
  });

  it("whose manifest is damaged on the way is refused, and nothing is stored", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    const bytes = new TextEncoder().encode("<html>Welcome</html>");
    bench.registry.substitute = { bytes, mediaType: "text/html", digest: parseDigest(sha256Bytes(bytes)) };
    await expect(bench.resolver.resolve({ digest })).rejects.toThrow(withCode("digest-mismatch"));
    bench.registry.substitute = { bytes, mediaType: "text/html", digest };
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("invalid-manifest"));
    expect(bench.manifests.stored.size).toBe(0);
    expect(bench.membership.manifest(digest)).toBeUndefined();
    bench.registry.substitute = undefined;
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest });
  });
});

describe("an answer that was on its way while something changed", () => {
  /** Lets the next HEAD hang, and then answer what it would have answered at once. */
  async function slowHead(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = await bench.registry.headManifest("a", "1.0");
    vi.spyOn(bench.registry, "headManifest").mockImplementationOnce(() => promise.then(() => before));
    return resolve;
  }

  it("does not bring a tag back that was deleted through here", async () => {
    bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    const release = await slowHead();
    const asked = bench.resolver.resolve({ tag: "1.0" });
    bench.registry.tags.delete("1.0");
    bench.resolver.forgetDeleted({ tag: "1.0" });
    release();
    await asked;
    await expect(bench.resolver.resolve({ tag: "1.0" })).rejects.toThrow(withCode("image-unknown"));
  });

  it("is not given to those who ask after a push", async () => {
    bench.registry.push(image(LAYER), "1.0");
    await bench.resolveThenWait("1.0");
    const release = await slowHead();
    const before = bench.resolver.resolve({ tag: "1.0" });
    const digest = bench.registry.push(image(OTHER_LAYER), "1.0");
    bench.resolver.expect({ tag: "1.0" });
    const after = bench.resolver.resolve({ tag: "1.0" });
    release();
    await before;
    expect(await after).toMatchObject({ digest });
    expect(await bench.resolver.resolve({ tag: "1.0" })).toMatchObject({ digest });
  });

  it("that a blob is not there is not given to those who ask after its push", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    vi.spyOn(bench.registry, "headBlob").mockImplementationOnce(() =>
      promise.then(() => {
        throw new RegistryError("blob-unknown", "Cannot find the blob: 404");
      }),
    );
    const before = bench.resolver.blob(LAYER);
    bench.registry.blobs.set(LAYER, 42);
    bench.resolver.expect({ digest: LAYER });
    const after = bench.resolver.blob(LAYER);
    resolve();
    expect(await before).toBeNull();
    expect(await after).toMatchObject({ sizeBytes: 42 });
    expect(await bench.resolver.blob(LAYER)).toMatchObject({ sizeBytes: 42 });
  });
});

describe("a digest", () => {
  it("that is not known here is asked of the upstream, by one GET for a herd", async () => {
    const digest = bench.registry.push(image(LAYER));
    bench.manifests.stored.set(digest, {
      bytes: new Uint8Array(),
      mediaType: "of/another-repository",
      storedMs: 0,
    });
    await Promise.all(Array.from({ length: 20 }, () => bench.resolver.resolve({ digest })));
    expect(bench.asked()).toEqual([`GET ${digest}`]);
    expect(bench.membership.blob(LAYER)).not.toBeNull();
  });

  it("that the upstream does not have is unknown, however many others have it", async () => {
    bench.manifests.stored.set(UNKNOWN, {
      bytes: new Uint8Array(),
      mediaType: "of/another-repository",
      storedMs: 0,
    });
    await expect(bench.resolver.resolve({ digest: UNKNOWN })).rejects.toThrow(withCode("image-unknown"));
    await expect(bench.resolver.resolve({ digest: UNKNOWN })).rejects.toThrow(withCode("image-unknown"));
    expect(bench.asked()).toEqual([`GET ${UNKNOWN}`]);
  });

  it("that is known is looked for in the store once after a start, and fetched where it is missing", async () => {
    const digest = bench.registry.push(image(LAYER));
    await bench.resolver.resolve({ digest });
    bench.start();
    bench.manifests.looks = 0;
    await bench.resolver.resolve({ digest });
    await bench.resolver.resolve({ digest });
    expect(bench.manifests.looks).toBe(1);
    bench.asked();
    bench.manifests.stored.clear();
    bench.start();
    expect(await bench.resolver.resolve({ digest })).toMatchObject({ digest, freshness: "fresh" });
    expect(bench.asked()).toEqual([`GET ${digest}`]);
    expect(bench.manifests.stored.has(digest)).toBe(true);
  });

  it("is looked for again when the caller did not find its bytes", async () => {
    const digest = bench.registry.push(image(LAYER), "1.0");
    await bench.resolver.resolve({ tag: "1.0" });
    bench.manifests.stored.clear();
    bench.asked();
    await bench.resolver.resolve({ tag: "1.0" }, { confirmStored: true });
    await bench.resolver.resolve({ digest }, { confirmStored: true });
    expect(bench.asked()).toEqual([`GET ${digest}`]);
    expect(bench.manifests.stored.has(digest)).toBe(true);
  });
});
