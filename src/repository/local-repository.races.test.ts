import { beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, LocalBench, PATH, digestOf, imageOf } from "../../test/support/local-bench.ts";
import type { Digest } from "../oci/digest.ts";
import { GRACE_MS } from "./holdings.ts";

let bench: LocalBench;
beforeEach(() => {
  bench = new LocalBench();
});

describe("a push under way", () => {
  it("loses nothing, however long it takes: no day without a sign of it passes", async () => {
    const config = await bench.upload("config");
    for (let hours = 0; hours < 200; hours += 20) {
      bench.nowMs += 20 * HOUR_MS;
      bench.repository.beginPush();
      await bench.repository.collect();
    }
    const layer = await bench.upload("layer");
    await bench.repository.putManifest(imageOf([config, layer], "1.0"));
    expect([bench.has(config), bench.has(layer)]).toEqual([true, true]);
  });

  it("loses nothing that it was told is there, whoever deletes what named that", async () => {
    const blob = await bench.upload("a");
    const old = imageOf([blob], "old");
    await bench.repository.putManifest(old);
    bench.nowMs += 50 * GRACE_MS;
    // It asks, is told that it need not upload, and then the only manifest that named the blob goes.
    expect(bench.repository.blob(blob)).not.toBeNull();
    await bench.repository.deleteManifest(old.digest);
    bench.nowMs += GRACE_MS - 1;
    await bench.repository.collect();
    await bench.repository.putManifest(imageOf([blob], "new"));
    await bench.days(100);
    expect(bench.has(blob)).toBe(true);
  });

  it("is told anew of a blob that nothing names, and that counts", async () => {
    const blob = await bench.upload("a");
    for (let times = 0; times < 20; times++) {
      bench.nowMs += GRACE_MS - HOUR_MS;
      expect(bench.repository.blob(blob)).not.toBeNull();
      await bench.repository.collect();
    }
    await bench.repository.putManifest(imageOf([blob], "1.0"));
    expect(bench.has(blob)).toBe(true);
  });

  it("that uploads a blob while it is being released has it afterwards", async () => {
    const blob = await bench.upload("a");
    bench.nowMs += 2 * GRACE_MS;
    let again: Promise<unknown> | undefined;
    bench.blobs.before = async (what) => {
      if (what !== "unpin" || again !== undefined) return;
      // In the middle of the release: nobody is told any more that the blob is there, and the upload comes.
      expect(bench.repository.blob(blob)).toBeNull();
      again = bench.repository.takeBlob({ digest: blob, sizeBytes: 10, fillId: "again", layout: [] });
      await Promise.resolve();
    };
    await bench.repository.collect();
    await again;
    expect(bench.has(blob)).toBe(true);
    await bench.repository.putManifest(imageOf([blob], "1.0"));
    await bench.days(100);
    expect(bench.has(blob)).toBe(true);
  });

  it("that mounts a blob which just went is told so", async () => {
    const blob = await bench.upload("a");
    bench.blobs.pins.clear();
    const other = digestOf("never there");
    expect(await bench.repository.holdBlob(other, 10)).toBe(false);
    expect(bench.repository.blob(other)).toBeNull();
    expect(await bench.repository.holdBlob(blob, 10)).toBe(true);
  });
});

describe("a release that is interrupted", () => {
  it("is taken up again, and a late end of it undoes no newer hold", async () => {
    const blob = await bench.upload("a");
    bench.nowMs += 2 * GRACE_MS;
    bench.blobs.before = (what) => {
      if (what === "unpin") throw new Error("out of reach");
    };
    await bench.repository.collect();
    expect(bench.repository.blob(blob)).toBeNull();
    bench.blobs.before = () => {};
    bench.reopen();
    await bench.repository.takeBlob({ digest: blob, sizeBytes: 10, fillId: "again", layout: [] });
    await bench.blobs.unpin(blob, { repository: PATH, generation: 1 });
    expect(bench.has(blob)).toBe(true);
    await bench.repository.putManifest(imageOf([blob], "1.0"));
    await bench.days(100);
    expect(bench.has(blob)).toBe(true);
  });

  it("keeps no other from its end", async () => {
    const blobs: Digest[] = [];
    for (const name of ["a", "b", "c"]) blobs.push(await bench.upload(name));
    bench.nowMs += 2 * GRACE_MS;
    bench.blobs.before = (what, digest) => {
      if (what === "unpin" && digest === blobs[1]) throw new Error("out of reach");
    };
    await bench.repository.collect();
    expect(blobs.map((blob) => bench.has(blob))).toEqual([false, true, false]);
  });

  it("ends at the next collection", async () => {
    const blob = await bench.upload("a");
    bench.nowMs += 2 * GRACE_MS;
    bench.blobs.before = (what) => {
      if (what === "unpin") throw new Error("out of reach");
    };
    await bench.repository.collect();
    bench.blobs.before = () => {};
    await bench.days(1);
    expect(bench.has(blob)).toBe(false);
  });
});
