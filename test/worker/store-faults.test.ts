import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { PieceStore } from "../../src/store/piece-store.ts";
import { SteadyBucket } from "../../src/store/steady-bucket.ts";
import { BucketFaults } from "../chaos/bucket-faults.ts";
import { cacheState, digestOf, edge, freshImage, received } from "./edge.ts";

let faults: BucketFaults;
beforeEach(() => {
  faults = new BucketFaults();
});
afterEach(() => {
  faults.remove();
});

async function committed() {
  const image = await freshImage({ sizeBytes: 600_000 });
  await (await edge(`/v1/images/${image.reference}`)).arrayBuffer();
  await cacheState(image.reference, "committed");
  return image;
}

const RECORD = {
  digest: parseDigest(`sha256:${"5".repeat(64)}`),
  sizeBytes: 0,
  fillId: "f",
  layout: [],
  verifiedAtMs: 1,
};

describe("R2 that fails for a moment", () => {
  it.each([false, true])("is asked again for small records (midway: %s)", async (midway) => {
    const commits = new CommitStore(env.BUCKET);
    for (const call of ["put", "get", "list", "delete"] as const) faults.order({ call, times: 3, midway });
    await commits.put(RECORD);
    expect(await commits.get(RECORD.digest)).toEqual(RECORD);
    expect((await commits.digests(undefined, 1000)).digests).toContain(RECORD.digest);
    await commits.delete(RECORD.digest);
    expect(faults.hits).toBe(12);
    expect(await commits.get(RECORD.digest)).toBeNull();
  });

  it("is not noticed by who downloads a committed blob", async () => {
    const image = await committed();
    faults.order({ call: "get", times: 3, midway: false });
    const response = await edge(`/v1/images/${image.reference}`);
    expect(response.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    expect(faults.hits).toBe(3);
  });

  it("breaks a download off where it fails inside a piece, and a range goes on from there", async () => {
    const image = await committed();
    const whole = new Uint8Array(await (await edge(`/v1/images/${image.reference}`)).arrayBuffer());
    faults.order({ call: "get", times: 1, midway: true, prefix: "chunks/" });
    const cut = await received(await edge(`/v1/images/${image.reference}`));
    expect(faults.hits).toBe(1);
    expect(cut.complete).toBe(false);
    expect(cut.bytes).toEqual(whole.subarray(0, cut.bytes.length));
    const rest = await edge(`/v1/images/${image.reference}`, {
      headers: { Range: `bytes=${cut.bytes.length}-` },
    });
    expect(new Uint8Array(await rest.arrayBuffer())).toEqual(whole.subarray(cut.bytes.length));
  });

  it("is given up after a few calls", async () => {
    faults.order({ call: "head", times: 4, midway: false });
    await expect(new SteadyBucket(env.BUCKET).head("x")).rejects.toThrow("10001");
    expect(faults.hits).toBe(4);
  });
});

describe("R2 that refuses", () => {
  it("is not asked again", async () => {
    let calls = 0;
    const refusing = {
      get: () => {
        calls++;
        return Promise.reject(new Error("get: The requested range is not satisfiable (10039)"));
      },
    } as unknown as R2Bucket;
    await expect(new PieceStore(refusing).get("f", 0, 0, 1)).rejects.toThrow("10039");
    expect(calls).toBe(1);
  });
});
