/** Publishing a SIF file: its blob, the config, the manifest, and where that is wanted the index above it. */

import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { OCI_MANIFEST } from "../oci/media-types.ts";
import { type Reference, formatReference, repositoryPath } from "../oci/reference.ts";
import { EMPTY_CONFIG, sifManifest } from "../oci/sif-manifest.ts";
import type { Destination, StoredBlob } from "../repository/destination.ts";
import type { Services } from "../services.ts";
import { UNKNOWN_ARCHITECTURE } from "../sif/architecture.ts";
import type { SifHeader } from "../sif/header.ts";
import { digestOf } from "../upstream/digest-of.ts";
import { appendToIndex } from "./append-to-index.ts";
import { type IncomingFile, createdOf, receiveSif, sniff } from "./receive-sif.ts";
import { storeBytes } from "./store-bytes.ts";

/** OCI image specification 1.1, annotations.md. */
const CREATED = "org.opencontainers.image.created";

/** What to publish, and where. */
export interface PublishRequest extends IncomingFile {
  readonly reference: Reference & { readonly tag: string };
  readonly destination: Destination;
  readonly title: string;
  /** Of the manifest; about when it was made, the image itself is believed first, as Apptainer does. */
  readonly annotations: ReadonlyMap<string, string>;
  /** As in `OutgoingManifest`; not of an index that is added to, which looks itself. */
  readonly replaces: Digest | null | undefined;
  /** Adds the image to the index under the tag, rather than replacing what the tag names. */
  readonly append: boolean;
  /** For the index; the header's own when left out. */
  readonly architecture: string | undefined;
}

/** What was published. */
export interface PublishedImage {
  readonly blob: StoredBlob;
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number };
}

/**
 * Publishes a file. What fails on the way leaves nothing that a tag names.
 * @throws {RegistryError} `not-a-sif-file` before anything is stored, `invalid-digest`, `size-mismatch`,
 *   `quota-exceeded`, and why the repository does not take it
 */
export async function publishImage(services: Services, request: PublishRequest): Promise<PublishedImage> {
  const { destination, append } = request;
  const header = await sniff(request.body);
  const architecture = append ? architectureOf(request, header) : undefined;
  await destination.begin();
  try {
    return await publish(services, request, architecture);
  } finally {
    await destination.end();
  }
}

async function publish(
  services: Services,
  request: PublishRequest,
  architecture: string | undefined,
): Promise<PublishedImage> {
  const { reference, destination, title, replaces } = request;
  const path = repositoryPath(reference);
  const blob = await receiveSif(services, path, request);
  await destination.addBlob(blob);
  await destination.addBlob(await storeBytes(services, path, EMPTY_CONFIG));

  const annotations = new Map(request.annotations);
  const created = await createdOf(services, blob);
  if (created !== undefined) annotations.set(CREATED, created);
  const bytes = sifManifest({ ...blob, title, annotations });
  const manifest = { digest: await digestOf(bytes, "sha256"), mediaType: OCI_MANIFEST, bytes };
  const { tag } = reference;
  if (architecture === undefined) {
    await destination.putManifest({ ...manifest, tag, ...(replaces === undefined ? {} : { replaces }) });
  } else {
    await destination.putManifest({ ...manifest, tag: undefined });
    await appendToIndex(services, { reference, destination, manifest, architecture });
  }
  return { blob, manifest: { ...manifest, sizeBytes: bytes.length } };
}

function architectureOf({ architecture, reference }: PublishRequest, header: SifHeader): string {
  if (architecture !== undefined) return architecture;
  if (header.architecture !== UNKNOWN_ARCHITECTURE) return header.architecture;
  throw new RegistryError(
    "invalid-request",
    `Cannot add the file to the index "${formatReference(reference)}": it does not say for which architecture it is; say so with "arch"`,
  );
}
