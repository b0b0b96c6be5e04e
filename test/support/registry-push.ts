/** Puts images into a registry by the plain HTTP of the distribution specification, as no client of today has to. */
import { openAsBlob } from "node:fs";
import { sha256Bytes, sha256File } from "./sha256.ts";

/** Media types of what is pushed; see the OCI image specification and Docker's schema 2. */
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
const SIF_CONFIG = "application/vnd.sylabs.sif.config.v1+json";

/** Where and as whom to push. */
export interface PushTarget {
  /** The registry's address, without a trailing slash. */
  readonly registryUrl: string;
  readonly repository: string;
  /** Value of the `Authorization` header, where one is needed. */
  readonly authorization?: string | undefined;
}

/** A manifest or a blob that a registry took. */
export interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Options of {@link pushSif}. */
export interface PushSifOptions {
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the layer: `org.opencontainers.image.title` is its file name. */
  readonly layerAnnotations?: Readonly<Record<string, string>>;
  /** @default the SIF layer's type of today */
  readonly layerMediaType?: string;
  /** @default OCI */
  readonly manifestMediaType?: string;
}

/**
 * Pushes a SIF image: its layer, an empty config, its manifest.
 *
 * @param source - the bytes, or the path of a file, which is streamed
 */
export async function pushSif(
  target: PushTarget,
  tag: string,
  source: Uint8Array | string,
  options: PushSifOptions = {},
): Promise<{ readonly layer: Pushed; readonly manifest: Pushed; readonly manifestText: string }> {
  const config = await pushBlob(target, Buffer.from("{}"), SIF_CONFIG);
  const layer = await pushBlob(target, source, options.layerMediaType ?? SIF_LAYER);
  const mediaType = options.manifestMediaType ?? OCI_MANIFEST;
  const manifestText = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config,
    layers: [{ ...layer, ...(options.layerAnnotations && { annotations: options.layerAnnotations }) }],
    ...(options.annotations && { annotations: options.annotations }),
  });
  return { layer, manifest: await pushManifest(target, tag, manifestText, mediaType), manifestText };
}

/** Pushes an index that names a manifest for each platform. */
export async function pushIndex(
  target: PushTarget,
  tag: string,
  manifests: readonly { readonly manifest: Pushed; readonly architecture: string }[],
): Promise<Pushed> {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.map(({ manifest, architecture }) => ({
      ...manifest,
      platform: { os: "linux", architecture },
    })),
  });
  return pushManifest(target, tag, text, OCI_INDEX);
}

/** Pushes a blob in two requests, POST and PUT. */
export async function pushBlob(
  target: PushTarget,
  source: Uint8Array | string,
  mediaType: string,
): Promise<Pushed> {
  const [body, digest] =
    typeof source === "string"
      ? [await openAsBlob(source), await sha256File(source)]
      : [new Blob([source]), sha256Bytes(source)];
  const started = await send(
    target,
    "POST",
    `${target.registryUrl}/v2/${target.repository}/blobs/uploads/`,
    202,
  );
  const location = new URL(started.headers.get("location") ?? "", target.registryUrl);
  location.searchParams.set("digest", digest);
  await send(target, "PUT", location.href, 201, body, "application/octet-stream");
  return { mediaType, digest, size: body.size };
}

/** Pushes a manifest or an index as it is. */
export async function pushManifest(
  target: PushTarget,
  reference: string,
  text: string,
  mediaType: string,
): Promise<Pushed> {
  await send(
    target,
    "PUT",
    `${target.registryUrl}/v2/${target.repository}/manifests/${reference}`,
    201,
    text,
    mediaType,
  );
  return { mediaType, digest: sha256Bytes(text), size: Buffer.byteLength(text) };
}

async function send(
  target: PushTarget,
  method: string,
  url: string,
  expected: number,
  body?: Blob | string,
  contentType?: string,
): Promise<Response> {
  const headers = new Headers();
  if (target.authorization !== undefined) headers.set("authorization", target.authorization);
  if (contentType !== undefined) headers.set("content-type", contentType);
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  if (response.status !== expected) {
    throw new Error(
      `Cannot ${method} "${url}": status ${response.status}, expected ${expected}: ${await response.text()}`,
    );
  }
  await response.arrayBuffer();
  return response;
}
