import { describe, expect, it } from "vitest";
import samples from "../samples/expected.json";
import { expectedHeader, expectedObject } from "../support/expected-report.ts";
import type { ExpectedSif } from "../support/sif-samples.ts";
import { buildSif } from "../support/sif-builder.ts";
import { imageObjects, makeSignedSif, makeSigningKey } from "../support/signed-sif.ts";
import { bearer, cacheState, digestOf, edge, freshImage, upstream } from "./edge.ts";

const KIB = 1024;
const FIRST_READ_BYTES = 64 * KIB;

interface Report {
  readonly digest: string;
  readonly size: number;
  readonly verified: boolean;
  readonly header: unknown;
  readonly image: { readonly kind: string; readonly architecture: string };
  readonly objects: readonly Readonly<Record<string, unknown>>[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly signatures: readonly {
    readonly format: string;
    readonly covers: readonly number[];
    readonly digestsMatch: boolean | null;
    readonly trust: Readonly<Record<string, unknown>>;
  }[];
  readonly problems: readonly unknown[];
}

async function inspect(reference: string): Promise<Report> {
  const response = await edge(`/v1/inspect/${reference}`);
  expect(response.status).toBe(200);
  return response.json<Report>();
}

async function commit(reference: string): Promise<void> {
  await edge(`/v1/cache/${reference}`, { method: "PUT" });
  await cacheState(reference, "committed");
}

async function drop(reference: string): Promise<void> {
  const response = await edge(`/v1/cache/${reference}`, { method: "DELETE", headers: bearer("admin") });
  expect(response.status).toBe(204);
}

async function upstreamBytes(digest: string): Promise<number> {
  return (await upstream.counters()).blobBytes[digest] ?? 0;
}

describe("inspecting a sample", () => {
  it.each((samples as ExpectedSif[]).map((expected) => [expected.file, expected] as const))(
    "tells everything that the reference library says of %s, cold and from the cache",
    async (file, expected) => {
      const image = await freshImage({ sample: file });
      // The tests before it may have put the same file into the cache.
      await drop(image.reference);
      for (const verified of [false, true]) {
        if (verified) await commit(image.reference);
        const report = await inspect(image.reference);
        expect(report).toMatchObject({
          digest: `sha256:${expected.sha256}`,
          size: expected.size,
          verified,
          image: { architecture: expected.primaryArch },
          problems: [],
        });
        expect(report.header).toEqual(expectedHeader(expected));
        expect(report.objects).toHaveLength(expected.descriptors.length);
        for (const [index, object] of expected.descriptors.entries()) {
          const {
            dataType: _,
            created: _created,
            modified: _modified,
            ...told
          } = report.objects[index] ?? {};
          expect(told).toEqual(expectedObject(object));
        }
        const signed = expected.descriptors.some(({ dataType }) => dataType === "Signature");
        expect(report.signatures.map(({ digestsMatch }) => digestsMatch)).toEqual(
          signed ? [verified ? true : null] : [],
        );
      }
    },
  );

  it.each([
    ["one-group-signed-pgp.sif", "pgp", [1, 2]],
    ["one-group-signed-dsse.sif", "dsse", [1, 2]],
    ["one-group-signed-legacy.sif", "legacy", [2]],
    ["others/one-group-signed-legacy-group.sif", "legacy", [1, 2]],
  ])("%s says who signed what", async (sample, format, covers) => {
    const image = await freshImage({ sample });
    const { signatures } = await inspect(image.reference);
    expect(signatures).toMatchObject([{ format, covers, trust: { status: "not-checked" } }]);
  });
});

describe("inspecting a large image", () => {
  const size = 700 * KIB;

  async function largeImage() {
    const key = await makeSigningKey("signer");
    const partition = new Uint8Array(size);
    crypto.getRandomValues(partition.subarray(0, KIB));
    return freshImage({ bytes: await makeSignedSif(imageObjects(partition), key) });
  }

  it("reads the ranges that it needs and no more, and starts no fill", async () => {
    const image = await largeImage();
    const report = await inspect(image.reference);
    expect(report).toMatchObject({ verified: false, size: image.sizeBytes });
    expect(report.signatures).toMatchObject([{ format: "pgp", digestsMatch: null }]);
    expect(report.metadata["definition"]).toContain("alpine");
    const fetched = await upstreamBytes(image.digest);
    expect(fetched).toBeGreaterThan(FIRST_READ_BYTES);
    expect(fetched).toBeLessThan(FIRST_READ_BYTES + 4 * KIB);
    expect((await cacheState(image.reference)).state).toBe("absent");
    await inspect(image.reference);
    expect(await upstreamBytes(image.digest)).toBe(fetched);
  });

  it("takes the digests of its objects once it is in the cache, for all who ask, and forgets them with it", async () => {
    const image = await largeImage();
    await commit(image.reference);
    const fetched = await upstreamBytes(image.digest);
    const reports = await Promise.all(Array.from({ length: 5 }, () => inspect(image.reference)));
    for (const report of reports) {
      expect(report).toMatchObject({ verified: true, signatures: [{ digestsMatch: true }] });
    }
    expect(await upstreamBytes(image.digest)).toBe(fetched);
    await drop(image.reference);
    expect(await inspect(image.reference)).toMatchObject({
      verified: false,
      signatures: [{ digestsMatch: null }],
    });
  });

  it("from an upstream without ranges asks to have it cached first", async () => {
    const image = await freshImage({ sizeBytes: 12 * KIB * KIB, prefix: deepHeader() });
    await upstream.fault({ match: { reference: image.digest }, action: { kind: "ignore-range" } });
    const response = await edge(`/v1/inspect/${image.reference}`);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      code: "upstream-unavailable",
      detail: expect.stringContaining("PUT /v1/cache"),
    });
  });
});

/** The first bytes of an image of 12 MiB whose definition file stands at its end. */
function deepHeader(): Uint8Array {
  const end = buildSif([{ type: 0x4001, content: "x", gapBytes: 11 * KIB * KIB }]);
  return end.subarray(0, 40 * KIB);
}

describe("/v1/digest", () => {
  const lookUp = async (reference: string) =>
    (await edge(`/v1/digest/${reference}`)).json<{ architecture: string | null }>();

  it.each([
    ["one-group.sif", "386"],
    ["empty.sif", null],
  ])("tells of %s in the cache that it is for %s", async (sample, architecture) => {
    const image = await freshImage({ sample });
    await commit(image.reference);
    expect(await lookUp(image.reference)).toMatchObject({ architecture });
  });

  it("tells that of an OCI-SIF from its configuration", async () => {
    const config = JSON.stringify({ os: "linux", architecture: "riscv64" });
    const image = await freshImage({ bytes: await makeOciSif(config) });
    await commit(image.reference);
    expect(await lookUp(image.reference)).toMatchObject({ architecture: "riscv64" });
  });

  it("tells none of an image that is not in the cache, and downloads nothing of it", async () => {
    const image = await freshImage({
      bytes: buildSif(imageObjects("not in the cache"), { architecture: "02" }),
    });
    expect(await lookUp(image.reference)).toMatchObject({ architecture: null });
    expect(await upstreamBytes(image.digest)).toBe(0);
  });
});

/** An OCI-SIF of one manifest and its configuration. */
async function makeOciSif(config: string): Promise<Uint8Array> {
  const configDigest = await digestOf(new TextEncoder().encode(config));
  const manifest = JSON.stringify({ config: { digest: configDigest } });
  const manifestDigest = await digestOf(new TextEncoder().encode(manifest));
  return buildSif([
    { type: 0x400a, content: JSON.stringify({ manifests: [{ digest: manifestDigest }] }) },
    { type: 0x400b, content: manifest, extra: manifestDigest },
    { type: 0x400b, content: config, extra: configDigest },
  ]);
}
