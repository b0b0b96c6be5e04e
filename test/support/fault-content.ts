import { createHash } from "node:crypto";
import { readSample } from "./sif-samples.ts";
import { type BlobSource, bytesBlob, patternBlob, sourceDigest } from "./fault-blobs.ts";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const SIF_LAYER = "application/vnd.sylabs.sif.layer.v1.sif";
const SIF_CONFIG = "application/vnd.sylabs.sif.config.v1+json";

/** What an image is made of; a layer is `bytes`, a `sample`, or `sizeBytes` of the pattern of `seed`. */
export interface ImageOptions {
  readonly bytes?: Uint8Array;
  /** A file of `test/samples`. */
  readonly sample?: string;
  readonly sizeBytes?: number;
  readonly seed?: number;
  /** First bytes of a patterned layer. */
  readonly prefix?: Uint8Array;
  /** The digest that the layer goes by, where it is to be a wrong one. */
  readonly declaredDigest?: string;
  /** The size that the manifest tells, where it is to be a wrong one. */
  readonly declaredSizeBytes?: number;
  readonly algorithm?: "sha256" | "sha512";
  readonly layerMediaType?: string;
  readonly configMediaType?: string;
  readonly manifestMediaType?: string;
  readonly artifactType?: string;
  readonly config?: Uint8Array;
  /** The layer's `org.opencontainers.image.title`. */
  readonly title?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly layerAnnotations?: Readonly<Record<string, string>>;
  /** More layers behind the first, as descriptors. */
  readonly otherLayers?: readonly Readonly<Record<string, unknown>>[];
  /** Digest of a manifest in the same repository that this one refers to. */
  readonly subject?: string;
}

/** An image that was added. */
export interface AddedImage {
  readonly repository: string;
  readonly tag: string | null;
  /** Of the layer. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly manifestDigest: string;
  readonly manifestSizeBytes: number;
  readonly mediaType: string;
}

/** One entry of an index. */
export interface IndexEntry {
  readonly manifestDigest: string;
  readonly architecture: string;
  readonly os?: string;
}

/** A stored manifest. */
export interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

interface Repository {
  readonly tags: Map<string, string[]>;
  readonly manifests: Map<string, StoredManifest>;
  readonly blobs: Map<string, BlobSource>;
}

/** What a fault upstream holds. */
export class FaultContent {
  readonly #repositories = new Map<string, Repository>();
  readonly #digests = new Map<string, string>();

  /** Adds an image of one layer, under a tag or (null) by digest alone. */
  addImage(repository: string, tag: string | null, options: ImageOptions = {}): AddedImage {
    const layer = this.#layer(options);
    const digest = options.declaredDigest ?? layer.digest;
    this.#repository(repository).blobs.set(digest, layer.source);
    const config = options.config ?? Buffer.from("{}");
    const subject = options.subject === undefined ? undefined : this.manifest(repository, options.subject);
    const mediaType = options.manifestMediaType ?? OCI_MANIFEST;
    const layerAnnotations = {
      ...(options.title === undefined ? {} : { "org.opencontainers.image.title": options.title }),
      ...options.layerAnnotations,
    };
    const manifest = {
      schemaVersion: 2,
      mediaType,
      artifactType: options.artifactType,
      config: {
        mediaType: options.configMediaType ?? SIF_CONFIG,
        digest: this.addBlob(repository, config),
        size: config.length,
      },
      layers: [
        {
          mediaType: options.layerMediaType ?? SIF_LAYER,
          digest,
          size: options.declaredSizeBytes ?? layer.source.sizeBytes,
          annotations: Object.keys(layerAnnotations).length > 0 ? layerAnnotations : undefined,
        },
        ...(options.otherLayers ?? []),
      ],
      subject:
        subject === undefined
          ? undefined
          : { mediaType: subject.mediaType, digest: options.subject, size: subject.bytes.length },
      annotations: options.annotations,
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const manifestDigest = this.addManifest(repository, tag, bytes, mediaType);
    return {
      repository,
      tag,
      digest,
      sizeBytes: layer.source.sizeBytes,
      manifestDigest,
      manifestSizeBytes: bytes.length,
      mediaType,
    };
  }

  /** Adds an index of images of the same repository, under a tag or (null) by digest alone; returns its digest. */
  addIndex(repository: string, tag: string | null, entries: readonly IndexEntry[]): string {
    const manifests = entries.map(({ manifestDigest, architecture, os = "linux" }) => {
      const manifest = this.manifest(repository, manifestDigest);
      return {
        mediaType: manifest?.mediaType ?? OCI_MANIFEST,
        digest: manifestDigest,
        size: manifest?.bytes.length ?? 0,
        platform: { architecture, os },
      };
    });
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    return this.addManifest(repository, tag, Buffer.from(JSON.stringify(index)), OCI_INDEX);
  }

  /** Adds any bytes as a manifest, under a tag or (null) by digest alone; returns its sha256 digest. */
  addManifest(repository: string, tag: string | null, bytes: Uint8Array, mediaType: string): string {
    const target = this.#repository(repository);
    const digest = sha("sha256", bytes);
    target.manifests.set(digest, { bytes, mediaType });
    target.manifests.set(sha("sha512", bytes), { bytes, mediaType });
    if (tag !== null) target.tags.set(tag, [digest]);
    return digest;
  }

  /** Adds a blob; returns its digest, or the `declaredDigest` that it goes by. */
  addBlob(repository: string, bytes: Uint8Array, declaredDigest?: string): string {
    const digest = declaredDigest ?? sha("sha256", bytes);
    this.#repository(repository).blobs.set(digest, bytesBlob(bytes));
    return digest;
  }

  /** Points a tag at a manifest; at several in turn, one a request, ending with the last. */
  tag(repository: string, tag: string, ...digests: string[]): void {
    this.#repository(repository).tags.set(tag, digests);
  }

  /** Removes a tag, a manifest or a blob; or, without a reference, the whole repository. */
  remove(repository: string, reference?: string): void {
    if (reference === undefined) this.#repositories.delete(repository);
    const target = this.#repositories.get(repository);
    for (const things of [target?.tags, target?.manifests, target?.blobs]) things?.delete(reference ?? "");
  }

  /** What a tag or digest names now; `step` moves a tag of several on. */
  resolve(repository: string, reference: string, step: boolean): string | undefined {
    if (reference.includes(":")) return reference;
    const turns = this.#repositories.get(repository)?.tags.get(reference);
    return step && turns !== undefined && turns.length > 1 ? turns.shift() : turns?.[0];
  }

  /** A manifest by digest. */
  manifest(repository: string, digest: string): StoredManifest | undefined {
    return this.#repositories.get(repository)?.manifests.get(digest);
  }

  /** A blob of a repository. */
  blob(repository: string, digest: string): BlobSource | undefined {
    return this.#repositories.get(repository)?.blobs.get(digest);
  }

  /** Names of all repositories, sorted. */
  repositories(): string[] {
    return [...this.#repositories.keys()].sort();
  }

  /** Tags of a repository, sorted; `undefined` where there is no such repository. */
  tags(repository: string): string[] | undefined {
    const tags = this.#repositories.get(repository)?.tags;
    return tags === undefined ? undefined : [...tags.keys()].sort();
  }

  /** Every manifest of a repository, by sha256 digest. */
  manifests(repository: string): [string, StoredManifest][] {
    const all = [...(this.#repositories.get(repository)?.manifests ?? [])];
    return all.filter(([digest]) => digest.startsWith("sha256:"));
  }

  #repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { tags: new Map(), manifests: new Map(), blobs: new Map() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }

  #layer(options: ImageOptions): { source: BlobSource; digest: string } {
    const bytes = options.sample === undefined ? options.bytes : readSample(options.sample);
    const { sizeBytes = 1024, seed = 1, prefix = new Uint8Array(), algorithm = "sha256" } = options;
    if (bytes !== undefined) return { source: bytesBlob(bytes), digest: sha(algorithm, bytes) };
    const source = patternBlob({ sizeBytes, seed, prefix });
    // Hashing a large pattern takes seconds: once is enough.
    const key = `${algorithm} ${sizeBytes} ${seed} ${sha("sha256", prefix)}`;
    const digest = options.declaredDigest ?? this.#digests.get(key) ?? sourceDigest(source, algorithm);
    if (options.declaredDigest === undefined) this.#digests.set(key, digest);
    return { source, digest };
  }
}

function sha(algorithm: "sha256" | "sha512", bytes: Uint8Array): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
