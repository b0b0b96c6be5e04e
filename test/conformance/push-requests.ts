/** Requests of one who pushes to a repository of the service's own. */

import { expect } from "vitest";
import { bearer, edge, freshRepository } from "../worker/edge.ts";

export const OCI = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
export const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
export const NOBODYS = `sha256:${"0".repeat(64)}`;

/** As `fetch` takes it, with headers that can be added to. */
export type Init = Omit<RequestInit, "headers"> & { headers?: Record<string, string> };

/** Asks the Worker as someone who may push. */
export function registry(path: string, init: Init = {}): Promise<Response> {
  const location = path.startsWith("/") ? path : `/v2/${path}`;
  return edge(location, { ...init, headers: { ...bearer("pusher"), ...init.headers } });
}

/** The digest of bytes, as OCI writes it. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>, algorithm: "sha256" | "sha512" = "sha256") {
  const hash = await crypto.subtle.digest(algorithm === "sha256" ? "SHA-256" : "SHA-512", bytes);
  return `${algorithm}:${new Uint8Array(hash).toHex()}`;
}

/** UTF-8. */
export function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

/** Bytes of their own. */
export function fresh(size = 1000): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** A repository that nobody has used. */
export const newName = () => `local/${freshRepository()}`;

/** Opens a session. @returns where it is */
export async function open(name: string): Promise<string> {
  const response = await registry(`${name}/blobs/uploads/`, { method: "POST" });
  expect(response.status).toBe(202);
  return response.headers.get("Location") ?? "";
}

/** An address with more of a query. */
export function withQuery(location: string, query: string): string {
  return `${location}${location.includes("?") ? "&" : "?"}${query}`;
}

/** Pushes a blob. @returns its digest */
export async function pushBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await digestOf(bytes);
  const path = withQuery(await open(name), `digest=${digest}`);
  expect((await registry(path, { method: "PUT", body: bytes })).status).toBe(201);
  return digest;
}

/** Pushes a manifest. */
export function putManifest(
  name: string,
  reference: string,
  text: string,
  mediaType = OCI,
): Promise<Response> {
  return registry(`${name}/manifests/${reference}`, {
    method: "PUT",
    body: text,
    headers: { "Content-Type": mediaType },
  });
}

/** The text of a manifest whose blobs are there. */
export async function newManifest(name: string, more: object = {}): Promise<string> {
  const [config, layer] = [encode("{}"), fresh()];
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI,
    config: {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: await pushBlob(name, config),
      size: config.length,
    },
    layers: [
      {
        mediaType: "application/octet-stream",
        digest: await pushBlob(name, layer),
        size: layer.length,
      },
    ],
    ...more,
  });
}
