import { beforeEach, describe, expect, it } from "vitest";
import { ANY_LAYER, HOUR_MS, LocalBench, PATH, imageOf, indexOf } from "../../test/support/local-bench.ts";
import type { RegistryError } from "../errors.ts";
import { Database } from "./database.ts";
import { GRACE_MS } from "./holdings.ts";
import { Links } from "./links.ts";

let bench: LocalBench;
beforeEach(() => {
  bench = new LocalBench();
});

const code = (word: string) => expect.objectContaining({ code: word });

describe("what was pushed", () => {
  it("stays for as long as a manifest names it", async () => {
    const blob = await bench.upload("a");
    await bench.repository.putManifest(imageOf([blob], "1.0"));
    await bench.days(1000);
    expect(bench.has(blob)).toBe(true);
    expect(bench.repository.blob(blob)).toMatchObject({ sizeBytes: 10 });
    expect(bench.listed).toBe(true);
  });

  it("goes a day later where no manifest came to name it", async () => {
    const blob = await bench.upload("a");
    bench.nowMs += GRACE_MS - 1;
    await bench.repository.collect();
    expect(bench.has(blob)).toBe(true);
    await bench.days(2);
    expect(bench.has(blob)).toBe(false);
    expect(bench.repository.blob(blob)).toBeNull();
    await expect(bench.repository.putManifest(imageOf([blob]))).rejects.toThrow(
      code("manifest-blob-unknown"),
    );
  });

  it("stays when the tag moves on, for those who pull by digest", async () => {
    const [first, second] = [await bench.upload("a"), await bench.upload("b")];
    const before = imageOf([first], "1.0");
    await bench.repository.putManifest(before);
    await bench.repository.putManifest(imageOf([second], "1.0"));
    await bench.days(100);
    expect(bench.has(first)).toBe(true);
  });

  it("goes when its last tag is deleted, but for what something else names", async () => {
    const [own, shared] = [await bench.upload("a"), await bench.upload("b")];
    await bench.repository.putManifest(imageOf([own, shared], "1.0"));
    await bench.repository.putManifest(imageOf([shared], "2.0"));
    await bench.repository.deleteTag("1.0");
    expect(bench.repository.blob(own)).not.toBeNull();
    await bench.days(3);
    expect(bench.has(own)).toBe(false);
    expect(bench.has(shared)).toBe(true);
    expect(bench.repository.blob(shared)).toMatchObject({ sizeBytes: 10 });
  });

  it("goes when its manifest is deleted, and the tags with that", async () => {
    const blob = await bench.upload("a");
    const image = imageOf([blob], "1.0");
    await bench.repository.putManifest(image);
    await bench.repository.deleteManifest(image.digest);
    await expect(bench.repository.deleteTag("1.0")).rejects.toThrow(code("image-unknown"));
    expect(bench.listed).toBe(false);
    await bench.days(2);
    expect(bench.has(blob)).toBe(false);
  });

  it("is given back by a new tag before the day is over", async () => {
    const blob = await bench.upload("a");
    const image = imageOf([blob], "1.0");
    await bench.repository.putManifest(image);
    await bench.repository.deleteTag("1.0");
    bench.nowMs += GRACE_MS / 2;
    await bench.repository.putManifest({ ...image, tag: "2.0" });
    await bench.days(100);
    expect(bench.has(blob)).toBe(true);
  });

  it("goes with the index that named it, and with the manifest that it refers to", async () => {
    const [child, about] = [await bench.upload("a"), await bench.upload("b")];
    const image = imageOf([child]);
    await bench.repository.putManifest(image);
    const index = indexOf([image], "1.0");
    await bench.repository.putManifest(index);
    const subject = { mediaType: index.mediaType, digest: index.digest, size: index.bytes.length };
    await bench.repository.putManifest(imageOf([about], undefined, { subject, artifactType: "test/x" }));
    await bench.days(100);
    expect([bench.has(child), bench.has(about)]).toEqual([true, true]);
    const { descriptors } = bench.repository.manifests.referrers(index.digest, { last: "", limit: 10 });
    expect(descriptors.map((text) => JSON.parse(text))).toMatchObject([{ artifactType: "test/x" }]);

    await bench.repository.deleteTag("1.0");
    await bench.days(10);
    expect([bench.has(child), bench.has(about)]).toEqual([false, false]);
    expect(bench.listed).toBe(false);
  });

  it("is refused where its annotations would fill the list of referrers", async () => {
    const blob = await bench.upload("a");
    const image = imageOf([blob], "1.0");
    await bench.repository.putManifest(image);
    const subject = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length };
    const put = (length: number) =>
      bench.repository.putManifest(
        imageOf([blob], undefined, { subject, annotations: { a: "x".repeat(length) } }),
      );
    await expect(put(20_000)).rejects.toMatchObject({ code: "too-large" });
    await put(10_000);
    const { descriptors } = bench.repository.manifests.referrers(image.digest, { last: "", limit: 10 });
    expect(descriptors).toHaveLength(1);
  });

  it("stays while a link to it may be used", async () => {
    const blob = await bench.upload("a");
    const image = imageOf([blob], "1.0");
    await bench.repository.putManifest(image);
    const links = new Links({
      database: new Database(bench.storage, PATH),
      resumeMs: HOUR_MS,
      now: () => bench.nowMs,
    });
    links.create({
      id: "one",
      digest: blob,
      filename: "x",
      createdBy: "",
      createdMs: bench.nowMs,
      expiresMs: bench.nowMs + 5 * 24 * HOUR_MS,
      sizeBytes: 10,
      mediaType: ANY_LAYER,
      lastModifiedMs: 0,
    });
    await bench.repository.deleteManifest(image.digest);
    await bench.days(4);
    expect(bench.has(blob)).toBe(true);
    expect(await bench.repository.deleteBlob(blob).catch((error: RegistryError) => error.code)).toBe(
      "unsupported",
    );
    await bench.days(3);
    expect(bench.has(blob)).toBe(false);
  });
});

describe("a quota", () => {
  it("holds for what is stored and for what is announced", async () => {
    bench.reopen(25);
    expect(bench.repository.beginPush()).toBe(25);
    const first = await bench.upload("a");
    expect(bench.repository.beginPush()).toBe(15);
    await bench.upload("b");
    await expect(bench.upload("c")).rejects.toThrow(code("quota-exceeded"));
    // What is there already costs nothing more.
    await bench.upload("a");
    await bench.repository.deleteBlob(first);
    await bench.upload("c");
  });
});

describe("a manifest", () => {
  it("is refused when it gives a blob another size", async () => {
    const blob = await bench.upload("a", 11);
    await expect(bench.repository.putManifest(imageOf([blob]))).rejects.toThrow(code("unusable-manifest"));
  });

  it("is refused when it names a manifest that is not there", async () => {
    const index = indexOf([imageOf([])], "1.0");
    await expect(bench.repository.putManifest(index)).rejects.toThrow(code("manifest-blob-unknown"));
  });

  it("moves a tag only from where it was expected", async () => {
    const [one, two] = [imageOf([await bench.upload("a")], "1.0"), imageOf([await bench.upload("b")], "1.0")];
    await bench.repository.putManifest({ ...one, replaces: null });
    await expect(bench.repository.putManifest({ ...two, replaces: null })).rejects.toThrow(
      code("precondition-failed"),
    );
    await bench.repository.putManifest({ ...two, replaces: one.digest });
  });
});
