import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { BucketFaults } from "../chaos/bucket-faults.ts";
import { Clients } from "../chaos/clients.ts";
import { type Plan, drawPlan } from "../chaos/plan.ts";
import { damageOf, findOrphans } from "../chaos/store-check.ts";
import { type ChaosImage, addImages } from "../chaos/world.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { CommitStore } from "../../src/store/commit-store.ts";
import { newFillId, newUploadId, pieceKey } from "../../src/store/keys.ts";
import { cacheState, edge } from "./edge.ts";

/** What the fault suite would say of a service that did what it must not: a check that finds nothing proves nothing. */
describe("the fault suite's own checks", () => {
  const plan: Plan = { ...drawPlan(1), seed: Math.floor(Math.random() * 2 ** 26), sizes: [200_000] };
  let image: ChaosImage;
  const commits = new CommitStore(env.BUCKET);
  const commitOf = ({ digest }: ChaosImage) => commits.get(parseDigest(digest));

  beforeEach(async () => {
    const [first] = await addImages(plan);
    if (first === undefined) throw new Error("Cannot add image: the plan has none");
    image = first;
    await edge(`/v1/cache/${image.repositories.honest}:1.0`, { method: "PUT" });
    await cacheState(`${image.repositories.honest}:1.0`, "committed");
  });

  it("find nothing where all is well", async () => {
    const clients = new Clients(plan, [image]);
    expect(await clients.download(image, "honest", "tag")).toBe(true);
    await clients.range(image, "mirror", 0.2, 0.9);
    await clients.push(plan.seed, 60_000, 1);
    await clients.checkPushed();
    expect(clients.violations).toEqual([]);
    expect(await damageOf(parseDigest(image.digest))).toBeUndefined();
    expect(await findOrphans()).toEqual([]);
  });

  it("find pieces that nobody names: of no fill, beyond the last, of no upload", async () => {
    const digest = parseDigest(image.digest);
    const { fillId = "" } = (await commitOf(image)) ?? {};
    const keys = [pieceKey(newFillId(digest), 0), pieceKey(fillId, 99), pieceKey(newUploadId(), 0)];
    for (const key of keys) await env.BUCKET.put(key, "x");
    expect((await findOrphans()).sort()).toEqual(keys.sort());
    await env.BUCKET.delete(keys);
  });

  it("find pieces that are missing, and bytes that are others", async () => {
    const digest = parseDigest(image.digest);
    const { fillId = "" } = (await commitOf(image)) ?? {};
    const key = pieceKey(fillId, 1);
    const bytes = new Uint8Array((await (await env.BUCKET.get(key))?.arrayBuffer()) ?? []);
    await env.BUCKET.delete(key);
    expect(await damageOf(digest)).toBe("missing");
    bytes[7] = (bytes[7] ?? 0) ^ 1;
    await env.BUCKET.put(key, bytes);
    expect(await damageOf(digest)).toBe("altered");

    const clients = new Clients(plan, [image]);
    expect(await clients.download(image, "honest", "digest")).toBe(false);
    await clients.range(image, "honest", 0, 1);
    expect(clients.violations).toEqual([
      expect.stringContaining("a complete body of 200000 bytes has"),
      expect.stringContaining("wrong bytes 0-"),
    ]);
    await env.BLOBS.getByName(digest).drop();
  });

  it("find an image that its reference never named", async () => {
    const clients = new Clients(plan, [image]);
    const other = { ...image, digest: `sha256:${"0".repeat(64)}` };
    expect(await clients.download(other, "mirror", "tag")).toBe(false);
    expect(clients.violations).toEqual([expect.stringContaining("which it never named")]);
  });

  it("find a confirmed push that is gone", async () => {
    const clients = new Clients(plan, [image]);
    await clients.push(plan.seed + 1, 60_000, 1);
    const pushed = await commits.get(parseDigest(clients.pushed[0]?.digest ?? ""));
    await env.BUCKET.delete(pieceKey(pushed?.fillId ?? "", 0));
    await clients.checkPushed();
    expect(clients.violations).toEqual([expect.stringContaining("was confirmed as stored")]);
  });

  it("find a failure of the service's own where nothing was made to fail", async () => {
    const bucket = new BucketFaults();
    try {
      for (const [steps, found] of [
        [[], 1],
        [[{ atMs: 0, step: { kind: "evict", of: "blob", image: 0 } }], 0],
      ] as const) {
        bucket.order({ call: "get", times: 1000, midway: false });
        const clients = new Clients({ ...plan, steps }, [image]);
        await clients.download(image, "honest", "digest");
        expect(clients.violations).toHaveLength(found);
        bucket.heal();
      }
    } finally {
      bucket.remove();
    }
  });
});
