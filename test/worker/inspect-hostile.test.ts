import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { FaultAction } from "../support/fault-rules.ts";
import { buildSif, HEADER_AT, setInt64, SLOT_AT, slotOffset } from "../support/sif-builder.ts";
import { imageObjects } from "../support/signed-sif.ts";
import { bearer, cacheState, edge, freshImage, freshSeed, upstream } from "./edge.ts";

const KIB = 1024;
/** What may be read of a file whose header or table is wrong: the first read, and the longest table. */
const BOUND_BYTES = 64 * KIB + 4096 * 585;

afterEach(async () => {
  await upstream.clearFaults();
});

/** A sound image of its own bytes, with 48 slots of which two are used. */
function sound(): Uint8Array {
  return buildSif([...imageObjects(`partition ${freshSeed()}`)], { architecture: "02" });
}

function changed(change: (bytes: Uint8Array) => unknown): Uint8Array {
  const bytes = sound();
  change(bytes);
  return bytes;
}

const at = (slot: number, field: keyof typeof SLOT_AT) => slotOffset(slot) + SLOT_AT[field];

const HOSTILE: readonly (readonly [what: string, file: () => Uint8Array, field: string])[] = [
  ["no magic", () => changed((bytes) => bytes.fill(0, 32, 42)), "SIF_MAGIC"],
  ["another version", () => changed((bytes) => bytes.set([0x30, 0x32], 42)), "version"],
  ["nothing behind the magic", () => sound().slice(0, 60), "file size"],
  [
    "billions of descriptors",
    () => changed((b) => setInt64(b, HEADER_AT.descriptorsTotal, 2n ** 40n)),
    "total",
  ],
  ["a negative count", () => changed((b) => setInt64(b, HEADER_AT.descriptorsTotal, -1)), "total"],
  [
    "a table beyond the end",
    () => changed((b) => setInt64(b, HEADER_AT.descriptorsOffset, 2n ** 62n)),
    "offset",
  ],
  [
    "an object beyond the end",
    () => changed((b) => setInt64(b, at(1, "size"), 2n ** 50n)),
    "descriptor 1, size",
  ],
  ["a negative offset", () => changed((b) => setInt64(b, at(1, "offset"), -5)), "descriptor 1, offset"],
  ["objects over each other", () => changed((b) => setInt64(b, at(1, "offset"), 32_180)), "descriptor 1"],
  ["an object over the header", () => changed((b) => setInt64(b, at(1, "offset"), 0)), "descriptor 1"],
  ["a link to itself", () => changed((bytes) => bytes.set([1, 0, 0, 0], at(0, "link"))), "link"],
  ["its end cut off", () => sound().slice(0, -5), "header, data size"],
];

describe("a hostile file", () => {
  it.each(HOSTILE)(
    "with %s is refused, cold and from the cache, with the field named",
    async (_what, file, field) => {
      const image = await freshImage({ bytes: file() });
      for (const cached of [false, true]) {
        if (cached) {
          await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
          await cacheState(image.reference, "committed");
        }
        const response = await edge(`/v1/inspect/${image.reference}`);
        expect(response.status).toBe(422);
        const problem = await response.json<{ code: string; detail: string }>();
        expect(problem.code).toBe("invalid-sif");
        expect(problem.detail).toContain(field);
        if (!cached) {
          expect((await upstream.counters()).blobBytes[image.digest]).toBeLessThanOrEqual(BOUND_BYTES);
        }
      }
    },
  );

  it("of other bytes than a SIF's, and a lookup of it, are answered", async () => {
    const image = await freshImage({ sizeBytes: 5000 });
    expect((await edge(`/v1/inspect/${image.reference}`)).status).toBe(422);
    await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
    await cacheState(image.reference, "committed");
    const lookup = await edge(`/v1/digest/${image.reference}`);
    expect(await lookup.json()).toMatchObject({ architecture: null });
  });

  it("changed in any way never makes the service fail", async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            // Header, the two used slots, or anywhere.
            offset: fc.oneof(
              fc.integer({ min: 30, max: 127 }),
              fc.integer({ min: 4096, max: 4096 + 2 * 585 - 1 }),
              fc.nat(32_000),
            ),
            byte: fc.nat(255),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        // A fill takes longer than all the rest.
        fc.nat(5).map((n) => n === 0),
        async (edits, cached) => {
          const bytes = sound();
          for (const { offset, byte } of edits) bytes[offset] = byte;
          const image = await freshImage({ bytes });
          if (cached) {
            await edge(`/v1/cache/${image.reference}`, { method: "PUT" });
            await cacheState(image.reference, "committed");
          }
          const response = await edge(`/v1/inspect/${image.reference}`);
          await response.body?.cancel();
          statuses.add(response.status);
          expect([200, 422]).toContain(response.status);
        },
      ),
      { numRuns: 60 },
    );
    expect(statuses).toEqual(new Set([200, 422]));
  });
});

describe("a file whose owners are no small numbers", () => {
  it("is described all the same", async () => {
    const bytes = changed((file) => setInt64(file, slotOffset(1) + 57, 2n ** 61n));
    const image = await freshImage({ bytes });
    expect(await (await edge(`/v1/inspect/${image.reference}`)).json()).toMatchObject({
      objects: [{ uid: 0 }, { uid: 2 ** 61 }],
    });
  });
});

describe("an upstream that fails while an image is inspected", () => {
  it.each<readonly [what: string, action: FaultAction, status: number, code: string]>([
    [
      "limits requests",
      { kind: "status", status: 429, headers: { "Retry-After": "30" } },
      503,
      "upstream-rate-limited",
    ],
    ["has lost the blob", { kind: "status", status: 404 }, 404, "blob-unknown"],
    ["denies it", { kind: "status", status: 403 }, 403, "upstream-denied"],
    ["has another size", { kind: "resize", sizeBytes: 70_000 }, 502, "digest-mismatch"],
  ])("as it %s is told of", async (_what, action, status, code) => {
    const image = await freshImage({ bytes: sound() });
    await upstream.fault({ match: { kind: "blob", reference: image.digest }, action });
    const response = await edge(`/v1/inspect/${image.reference}`, { headers: bearer("reader") });
    expect(await response.json()).toMatchObject({ status, code });
  });

  it("by dropping the connection once is asked again", async () => {
    const image = await freshImage({ bytes: sound() });
    const drop = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      times: 1,
      action: { kind: "drop", afterBytes: 1000 },
    });
    expect((await edge(`/v1/inspect/${image.reference}`)).status).toBe(200);
    expect(await upstream.faultHits(drop)).toBe(1);
  });

  it("by ignoring ranges is read all the same, where the file is small", async () => {
    const image = await freshImage({ bytes: sound() });
    await upstream.fault({ match: { reference: image.digest }, action: { kind: "ignore-range" } });
    expect(await (await edge(`/v1/inspect/${image.reference}`)).json()).toMatchObject({
      image: { kind: "native", architecture: "amd64" },
    });
  });
});
