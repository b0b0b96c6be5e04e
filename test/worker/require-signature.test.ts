import { beforeAll, describe, expect, it } from "vitest";
import type { ImageOptions } from "../support/fault-content.ts";
import { buildSif } from "../support/sif-builder.ts";
import {
  imageObjects,
  makeLegacySignedSif,
  makeSignedSif,
  makeSigningKey,
  type SignedSifOptions,
  type SigningKey,
} from "../support/signed-sif.ts";
import { losePiece } from "./lose-piece.ts";
import { bearer, cacheState, digestOf, edgeWith, freshImage, freshSeed, upstream } from "./edge.ts";

let trusted: SigningKey;
let stranger: SigningKey;
let settings: Record<string, string>;

beforeAll(async () => {
  [trusted, stranger] = [await makeSigningKey("trusted"), await makeSigningKey("stranger")];
  settings = {
    UPSTREAMS: JSON.stringify({ lab: { url: upstream.url, access: "public", requireSignature: true } }),
    TRUSTED_KEYS: trusted.publicKey,
  };
});

/** Asks the Worker where `lab` serves signed images only; its objects neither know nor need to. */
function edge(path: string, init: RequestInit = {}): Promise<Response> {
  return edgeWith(settings, path, init);
}

async function signedImage(key: SigningKey, options: SignedSifOptions = {}) {
  const partition = new Uint8Array(300 * 1024).fill(freshSeed() & 0xff);
  return freshImage({ bytes: await makeSignedSif(imageObjects(partition), key, options) });
}

function unsigned(): Uint8Array {
  return buildSif(imageObjects(`partition ${freshSeed()}`), { architecture: "02" });
}

const REFUSED: readonly (readonly [what: string, make: () => Promise<ImageOptions>, reason: string])[] = [
  ["an unsigned image", async () => ({ bytes: unsigned() }), "no signature"],
  [
    "an image signed with another key",
    async () => ({ bytes: await makeSignedSif(imageObjects(`p${freshSeed()}`), stranger) }),
    "unknown-key",
  ],
  [
    "an image whose signed text was changed",
    async () => ({
      bytes: await makeSignedSif(imageObjects(`p${freshSeed()}`), trusted, {
        tamper: (armored) => armored.replace('"relativeId":1', '"relativeId":0'),
      }),
    }),
    "invalid",
  ],
  [
    "an image whose partition was changed after it was signed",
    async () => {
      const bytes = await makeSignedSif(imageObjects(`PARTITION ${freshSeed()}`), trusted);
      bytes[new TextDecoder("latin1").decode(bytes).indexOf("PARTITION")] = 0x71;
      return { bytes };
    },
    "is not in the file",
  ],
  [
    "an image with an object that was not signed",
    async () => ({
      bytes: await makeSignedSif(imageObjects(`p${freshSeed()}`), trusted, { signedObjects: 1 }),
    }),
    "the objects 2",
  ],
  [
    "an image with a trusted signature of the legacy format",
    async () => ({ bytes: await makeLegacySignedSif(imageObjects(`p${freshSeed()}`), trusted) }),
    "legacy format",
  ],
  [
    "a legacy signature of a stranger's",
    async () => ({ sample: "one-group-signed-legacy.sif" }),
    "unknown-key",
  ],
  ["a DSSE signature", async () => ({ sample: "one-group-signed-dsse.sif" }), "not-checked"],
  ["a damaged file", async () => ({ bytes: unsigned().slice(0, -3) }), "cannot be read"],
  ["another kind of file", async () => ({ sizeBytes: 3000, seed: freshSeed() }), "no SIF file"],
  ["an empty file", async () => ({ bytes: new Uint8Array() }), "no SIF file"],
  ["an empty image without a signature", async () => ({ sample: "empty.sif" }), "no signature"],
];

describe("where signatures are required", () => {
  it.each(REFUSED)("%s is not served, by no way, and the reason is told", async (_what, make, reason) => {
    const image = await freshImage(await make());
    const link = await edge(`/v1/links/${image.reference}`, { method: "POST", headers: bearer("admin") });
    const { url } = await link.json<{ url: string }>();
    for (const path of [`/v1/images/${image.reference}`, new URL(url).pathname]) {
      for (const headers of [{}, { Range: "bytes=0-99" }, { Range: "bytes=10-" }]) {
        const response = await edge(path, { headers });
        expect(response.status).toBe(403);
        const problem = await response.json<{ code: string; detail: string }>();
        expect(problem.code).toBe("signature-required");
        expect(problem.detail).toContain(reason);
      }
      expect((await edge(path, { method: "HEAD" })).status).toBe(403);
    }
    const blob = await edge(`/v2/lab/${image.repository}/blobs/${image.digest}`);
    expect(blob.status).toBe(403);
    expect(await blob.json()).toMatchObject({
      errors: [{ code: "DENIED", message: expect.stringContaining(reason) }],
    });
  });

  it("a signed image is served, to the first who asks for it as soon as it is checked", async () => {
    const image = await signedImage(trusted);
    const cold = await edge(`/v1/images/${image.reference}`);
    expect(cold.status).toBe(200);
    expect(cold.headers.get("Cache-Status")).toBe("sif-edge; fwd=uri-miss; stored");
    expect(await digestOf(await cold.arrayBuffer())).toBe(image.digest);
    const range = await edge(`/v1/images/${image.reference}`, { headers: { Range: "bytes=5-9" } });
    expect(range.status).toBe(206);
    expect(range.headers.get("Cache-Status")).toBe("sif-edge; hit");
    expect((await edge(`/v1/images/${image.reference}`, { method: "HEAD" })).status).toBe(200);
    const blob = await edge(`/v2/lab/${image.repository}/blobs/${image.digest}`);
    expect(await digestOf(await blob.arrayBuffer())).toBe(image.digest);
  });

  it("no byte leaves before all are checked", async () => {
    const image = await signedImage(trusted);
    const flip = await upstream.fault({
      match: { kind: "blob", reference: image.digest },
      times: 1,
      action: { kind: "flip", atByte: image.sizeBytes - 3 },
    });
    const response = await edge(`/v1/images/${image.reference}`, { headers: { Range: "bytes=0-9" } });
    expect(await upstream.faultHits(flip)).toBe(1);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "digest-mismatch" });
  });

  it.each(["first", "last"] as const)(
    "an image that the store has lost the %s piece of comes back",
    async (which) => {
      const image = await signedImage(trusted);
      await edge(`/v1/cache/${image.reference}`, { method: "PUT", headers: bearer("admin") });
      await cacheState(image.reference, "committed");
      await losePiece(image.digest, which);
      expect((await edge(`/v1/images/${image.reference}`, { method: "HEAD" })).status).toBe(200);
      const response = await edge(`/v1/images/${image.reference}`);
      expect(response.status).toBe(200);
      expect(await digestOf(await response.arrayBuffer())).toBe(image.digest);
    },
  );

  it("a HEAD of what is not in the cache waits for nothing", async () => {
    const image = await freshImage({ bytes: unsigned() });
    expect((await edge(`/v1/images/${image.reference}`, { method: "HEAD" })).status).toBe(200);
    expect((await cacheState(image.reference)).state).toBe("absent");
  });

  it("a manifest that tells another size does not end the serving of a signed image", async () => {
    const image = await signedImage(trusted);
    await edge(`/v1/images/${image.reference}`);
    const bytes = new Uint8Array(await (await edge(`/v1/images/${image.reference}`)).arrayBuffer());
    const other = await freshImage({ bytes, declaredSizeBytes: 0 });
    for (const method of ["HEAD", "GET"]) {
      expect((await edge(`/v1/images/${other.reference}`, { method })).status).toBe(502);
    }
    expect((await edge(`/v1/images/${image.reference}`)).status).toBe(200);
  });

  it("a JSON document is served, since it is no image", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ created: freshSeed() }));
    const image = await freshImage({ bytes });
    expect((await edge(`/v1/images/${image.reference}`)).status).toBe(200);
  });

  it("says in the report who signed", async () => {
    const image = await signedImage(trusted);
    const trustOf = async () => {
      const response = await edge(`/v1/inspect/${image.reference}`);
      return (await response.json<{ signatures: readonly { trust: unknown; digestsMatch: unknown }[] }>())
        .signatures;
    };
    const trust = {
      status: "valid",
      signedBy: "trusted <trusted@example.org>",
      keyFingerprint: trusted.fingerprint,
      detail: null,
    };
    expect(await trustOf()).toMatchObject([{ trust, digestsMatch: null }]);
    await edge(`/v1/images/${image.reference}`);
    expect(await trustOf()).toMatchObject([{ trust, digestsMatch: true }]);
  });

  it("a key that cannot be read is told of by the setting's name", async () => {
    const image = await signedImage(trusted);
    const lines = trusted.publicKey.split("\n");
    const cut = lines.filter((_line, index) => index !== 4).join("\n");
    const response = await edgeWith({ ...settings, TRUSTED_KEYS: cut }, `/v1/inspect/${image.reference}`);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      code: "bad-configuration",
      detail: expect.stringContaining("TRUSTED_KEYS"),
    });
  });
});
