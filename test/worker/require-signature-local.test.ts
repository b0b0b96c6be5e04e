import { beforeAll, describe, expect, it } from "vitest";
import { buildSif } from "../support/sif-builder.ts";
import { imageObjects, makeSignedSif, makeSigningKey, type SigningKey } from "../support/signed-sif.ts";
import { bearer, digestOf, edgeWith, freshRepository, freshSeed } from "./edge.ts";
import { losePiece } from "./lose-piece.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
let trusted: SigningKey;
let settings: Record<string, string>;

beforeAll(async () => {
  trusted = await makeSigningKey("trusted");
  settings = { LOCAL_REQUIRE_SIGNATURE: "true", TRUSTED_KEYS: trusted.publicKey };
});

function edge(
  path: string,
  init: Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  return edgeWith(settings, path, { ...init, headers: { ...bearer("admin"), ...init.headers } });
}

async function signed(): Promise<Uint8Array<ArrayBuffer>> {
  const partition = new Uint8Array(300 * 1024).fill(freshSeed() & 0xff);
  return new Uint8Array(await makeSignedSif(imageObjects(partition), trusted));
}

function unsigned(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buildSif(imageObjects(`partition ${freshSeed()}`), { architecture: "02" }));
}

/** Pushes an image as OCI clients do. @returns its repository */
async function pushImage(layer: Uint8Array<ArrayBuffer>): Promise<string> {
  const name = `local/${freshRepository()}`;
  const config = new Uint8Array(Buffer.from("{}"));
  const describe = async (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => {
    const digest = await digestOf(bytes);
    const pushed = await edge(`/v2/${name}/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes });
    expect(pushed.status).toBe(201);
    return { mediaType, digest, size: bytes.length };
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: await describe("application/vnd.sylabs.sif.config.v1+json", config),
    layers: [await describe("application/vnd.sylabs.sif.layer.v1.sif", layer)],
  };
  const put = await edge(`/v2/${name}/manifests/1.0`, {
    method: "PUT",
    headers: { "Content-Type": MANIFEST },
    body: JSON.stringify(manifest),
  });
  expect(put.status).toBe(201);
  return name;
}

/** Publishes an image under `/v1`. @returns its repository */
async function publish(sif: Uint8Array<ArrayBuffer>): Promise<string> {
  const name = `local/${freshRepository()}`;
  expect((await edge(`/v1/images/${name}:1.0`, { method: "PUT", body: sif })).status).toBe(201);
  return name;
}

describe.each([
  ["pushed", pushImage],
  ["published", publish],
])("where the service's own repositories require signatures, an image that was %s", (_how, bring) => {
  it("is served when it is signed", async () => {
    const sif = await signed();
    const digest = await digestOf(sif);
    const name = await bring(sif);
    const download = await edge(`/v1/images/${name}:1.0`);
    expect(download.status).toBe(200);
    expect(await digestOf(await download.arrayBuffer())).toBe(digest);
    const blob = await edge(`/v2/${name}/blobs/${digest}`, { headers: { Range: "bytes=32-40" } });
    expect(blob.status).toBe(206);
    expect(new TextDecoder().decode(await blob.arrayBuffer())).toBe("SIF_MAGIC");
  });

  it("is taken, but not served, when it is not signed; what it is called and its config are", async () => {
    const sif = unsigned();
    const digest = await digestOf(sif);
    const name = await bring(sif);
    for (const method of ["GET", "HEAD"]) {
      expect((await edge(`/v1/images/${name}:1.0`, { method })).status).toBe(403);
      expect((await edge(`/v2/${name}/blobs/${digest}`, { method })).status).toBe(403);
    }
    const link = await edge(`/v1/links/${name}:1.0`, { method: "POST" });
    const { url } = await link.json<{ url: string }>();
    const refused = await edge(new URL(url).pathname);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "signature-required" });

    expect(await (await edge(`/v1/digest/${name}:1.0`)).json()).toMatchObject({ digest });
    const manifest = await edge(`/v2/${name}/manifests/1.0`);
    const { config } = await manifest.json<{ config: { digest: string } }>();
    expect(await (await edge(`/v2/${name}/blobs/${config.digest}`)).text()).toBe("{}");
  });

  it("is told to be gone when the store has lost a piece of it", async () => {
    const sif = await signed();
    const name = await bring(sif);
    await losePiece(await digestOf(sif), "last");
    const response = await edge(`/v1/images/${name}:1.0`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "blob-unknown" });
  });
});
