/** From a reference to the SIF file that it means. */

import { RegistryError } from "../errors.ts";
import { safeBaseName } from "../http/content-disposition.ts";
import { type Digest, digestHex, isDigest } from "../oci/digest.ts";
import { type Manifest, parseManifest, provenBlobs } from "../oci/manifest.ts";
import { listArchitectures, selectPlatform } from "../oci/platform.ts";
import { type Reference, formatReference } from "../oci/reference.ts";
import { sifLayer } from "../oci/sif-layer.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";
import { lastModified } from "./last-modified.ts";
import { loadManifest } from "./load-manifest.ts";
import { openRepository } from "./open-repository.ts";
import type { ResolvedManifest, Resolver, Wanted } from "./resolution.ts";

/** OCI image specification 1.1, annotations.md. */
const TITLE = "org.opencontainers.image.title";
const CREATED = "org.opencontainers.image.created";

/** What to look up. */
export interface ImageRequest {
  readonly reference: Reference;
  /** Picks from an index, in Go's names. */
  readonly architecture: string;
  /** The request's own upstream credentials. */
  readonly lent: UpstreamCredentials | undefined;
}

/** A SIF image. */
export interface Image {
  readonly reference: Reference;
  readonly layer: { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number };
  /** The manifest that has the layer: an index's child where the reference names an index. */
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number };
  /** As the index tells it; a manifest alone does not. */
  readonly architecture: string | undefined;
  /** What an index offers, in Go's names; empty where the reference names a manifest. */
  readonly architectures: readonly string[];
  /** As the manifest or the layer tells it. */
  readonly created: string | undefined;
  /** The file's age, in milliseconds since 1970: what its repository keeps, or else what the manifest alone tells. */
  readonly lastModifiedMs: number;
  /** Whether that is what the repository keeps; where not, it has to be asked. */
  readonly lastModifiedKept: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** A safe name for the file. */
  readonly filename: string;
  /** How the reference was resolved; `freshness` tells a stale answer. */
  readonly resolved: ResolvedManifest;
}

/**
 * Looks up the SIF image that a reference names.
 * @throws {RegistryError} `image-unknown`, `platform-unknown`, `not-a-sif-image`, `unsupported-digest`, and why the
 *   upstream could not answer.
 */
export async function findImage(services: Services, request: ImageRequest): Promise<Image> {
  const { reference, architecture } = request;
  const repository = openRepository(services, reference, request.lent);
  const top = await readManifest(services, repository, wantedBy(reference));
  let found = top;
  let platform: string | undefined;
  let architectures: readonly string[] = [];
  if (top.manifest.kind === "index") {
    const child = selectPlatform(top.manifest, architecture);
    architectures = listArchitectures(top.manifest);
    platform = child.platform?.architecture ?? architecture;
    if (!isDigest(child.digest)) {
      throw new RegistryError(
        "unsupported-digest",
        `Cannot get "${formatReference(reference)}": its index names a manifest by digest "${child.digest.slice(0, 160)}", expected a sha256 or sha512`,
      );
    }
    found = await readManifest(services, repository, { digest: child.digest });
  }
  const layer = sifLayer(found.manifest, formatReference(reference));
  // A digest is no capability: not every manifest shows that this repository has what it names.
  const proven = provenBlobs(found.manifest).some(({ digest }) => digest === layer.digest);
  if (!proven && (await repository.blob(layer.digest)) === null) {
    throw new RegistryError(
      "image-unknown",
      `Cannot get "${formatReference(reference)}": its manifest names a SIF layer that the registry does not have; push the image again`,
    );
  }
  const annotations = found.manifest.annotations;
  const keptMs = found.resolved.blobTimes?.[layer.digest];
  return {
    reference,
    layer: { digest: layer.digest, mediaType: layer.mediaType, sizeBytes: layer.size },
    manifest: {
      digest: found.resolved.digest,
      mediaType: found.resolved.mediaType,
      sizeBytes: found.resolved.sizeBytes,
    },
    architecture: platform,
    architectures,
    created: annotations[CREATED] ?? layer.annotations?.[CREATED],
    lastModifiedMs: keptMs ?? lastModified([layer.annotations, annotations], found.resolved.firstNamedMs),
    lastModifiedKept: keptMs !== undefined,
    annotations,
    filename: fileName(reference, layer.annotations?.[TITLE], layer.digest),
    resolved: top.resolved,
  };
}

/** A manifest with its place in the repository. */
interface ReadManifest {
  readonly resolved: ResolvedManifest;
  readonly manifest: Manifest;
}

async function readManifest(services: Services, repository: Resolver, wanted: Wanted): Promise<ReadManifest> {
  const { resolved, bytes } = await loadManifest(services.manifests, repository, wanted);
  return { resolved, manifest: parseManifest(bytes, resolved.mediaType) };
}

function wantedBy({ tag, digest }: Reference): Wanted {
  if (digest !== undefined) return { digest };
  return { tag: tag ?? "latest" };
}

/** As Apptainer names what it pulls, unless the layer has a name of its own. */
function fileName(reference: Reference, title: string | undefined, digest: Digest): string {
  const titled = title === undefined ? undefined : safeBaseName(title);
  if (titled !== undefined) return titled;
  const name = reference.repository.slice(reference.repository.lastIndexOf("/") + 1);
  return `${name}_${reference.tag ?? digestHex(reference.digest ?? digest).slice(0, 12)}.sif`;
}
