import { RegistryError } from "../../src/errors.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import type { RegistryClient } from "../../src/upstream/registry-client.ts";
import { sha256Bytes } from "./sha256.ts";

type Client = Pick<RegistryClient, "headManifest" | "getManifest" | "headBlob">;
type Stored = Awaited<ReturnType<Client["getManifest"]>>;

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** A registry client without a network: tells what was asked, and can be made to fail or to hang. */
export class FakeRegistry implements Client {
  /** What was asked so far, such as `HEAD latest`. */
  readonly asked: string[] = [];
  /** When set, every call fails with it. */
  failure: RegistryError | undefined;
  /** When set, every call waits for it first. */
  gate: Promise<void> | undefined;
  /** When set, what GET sends instead of the manifest asked for. */
  substitute: Stored | undefined;
  /** Whether HEAD is answered by a GET, as where a registry does not know HEAD. */
  withoutHead = false;
  readonly tags = new Map<string, Digest>();
  readonly #manifests = new Map<string, Stored>();
  readonly blobs = new Map<string, number>();

  /** Adds a manifest, under a tag where one is given. */
  push(content: object | string, tag?: string, mediaType: string = OCI_MANIFEST): Digest {
    const bytes = new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
    const digest = parseDigest(sha256Bytes(bytes));
    this.#manifests.set(digest, { bytes, mediaType, digest });
    if (tag !== undefined) this.tags.set(tag, digest);
    return digest;
  }

  async headManifest(repository: string, reference: string): ReturnType<Client["headManifest"]> {
    const found = await this.#find(this.withoutHead ? "GET" : "HEAD", repository, reference);
    const { bytes, mediaType, digest } = found;
    return {
      digest,
      mediaType,
      sizeBytes: bytes.byteLength,
      ...(this.withoutHead ? { fetched: found } : {}),
    };
  }

  async getManifest(repository: string, reference: string): ReturnType<Client["getManifest"]> {
    const found = await this.#find("GET", repository, reference);
    return this.substitute ?? found;
  }

  async headBlob(_repository: string, digest: Digest): ReturnType<Client["headBlob"]> {
    await this.#answer(`BLOB ${digest}`);
    const sizeBytes = this.blobs.get(digest);
    if (sizeBytes === undefined) throw new RegistryError("blob-unknown", "Cannot find the blob: 404");
    return { sizeBytes };
  }

  async #find(method: string, repository: string, reference: string): Promise<Stored> {
    await this.#answer(`${method} ${reference}`);
    const found = this.#manifests.get(this.tags.get(reference) ?? reference);
    if (found === undefined) throw new RegistryError("image-unknown", `Cannot find ${repository}: 404`);
    return found;
  }

  async #answer(call: string): Promise<void> {
    this.asked.push(call);
    // Read now, as a request that has left cannot be changed any more.
    const { failure } = this;
    await this.gate;
    if (failure !== undefined) throw failure;
  }
}

/** A SIF image's manifest. */
export function sifManifest(
  layer: { digest: string; size: number; annotations?: Record<string, string> },
  annotations?: Record<string, string>,
): object {
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: "application/vnd.sylabs.sif.config.v1+json",
      digest: `sha256:${"c".repeat(64)}`,
      size: 2,
    },
    layers: [{ mediaType: "application/vnd.sylabs.sif.layer.v1.sif", ...layer }],
    ...(annotations === undefined ? {} : { annotations }),
  };
}
