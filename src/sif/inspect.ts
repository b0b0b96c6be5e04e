/** The document that describes a SIF file: what `siftool list`, `apptainer inspect` and `apptainer verify` tell. */

import { checkDigests, type DigestsMatch } from "./check-digests.ts";
import type { SifDescriptor, SifObject } from "./descriptor.ts";
import type { SifHeader } from "./header.ts";
import { imageArchitecture } from "./image-architecture.ts";
import { imageKind, type ImageKind } from "./image-kind.ts";
import { readMetadata, type ImageMetadata } from "./inspect-metadata.ts";
import type { SifProblem } from "./invalid.ts";
import { isJsonObject, parseJson, type JsonObject } from "./json.ts";
import { describeOciImage, type OciPlatform } from "./oci-image.ts";
import { fileHasher, type HashRanges } from "./range-hasher.ts";
import type { SifFile } from "./reader.ts";
import { parseSignatures, type SifSignature, type SignatureFormat } from "./signature.ts";
import { findObject, OCI_CONFIG_NAME } from "./wanted-objects.ts";

/** More problems of one file are not listed. */
export const MAX_PROBLEMS = 100;

/** One signature, as the document has it. */
export interface SignatureReport {
  readonly objectId: number;
  readonly format: SignatureFormat;
  readonly hash: string;
  readonly fingerprint: string | null;
  readonly keyIds: readonly string[];
  readonly covers: readonly number[];
  /** Whether the signed digests are this file's; null where it cannot be told. */
  readonly digestsMatch: DigestsMatch;
}

/** The document. All text in it is as hostile as the file it is from. */
export interface SifReport {
  /** Size of the file in bytes. */
  readonly size: number;
  readonly image: {
    readonly kind: ImageKind;
    /** The header's, or else that of an OCI-SIF's only platform; `unknown` where nothing tells it. */
    readonly architecture: string;
    /** Of an OCI-SIF; empty for others. */
    readonly platforms: readonly OciPlatform[];
  };
  readonly header: Omit<SifHeader, "signedBytes">;
  readonly objects: readonly SifObject[];
  readonly metadata: ImageMetadata;
  /** Configuration of the OCI image inside, or of the one it was built from. */
  readonly oci: { readonly config: JsonObject | null };
  readonly signatures: readonly SignatureReport[];
  /** What could not be read or makes no sense, although the file's structure is sound. */
  readonly problems: readonly SifProblem[];
}

/**
 * Describes a file that `readSif` has read.
 * @param hash hashes parts of the file for the digests of signatures; without it, those of objects that are not in
 * memory are untold
 */
export async function inspectSif(file: SifFile, hash: HashRanges = hashNothing): Promise<SifReport> {
  const { metadata, problems: metadataProblems } = readMetadata(file);
  const image = describeOciImage(file.objects, file.contents);
  const builtFrom = readBuiltFromConfig(file);
  const { signatures, problems: signatureProblems } = parseSignatures(file);
  const { signedBytes: _, ...header } = file.header;
  return {
    size: file.sizeBytes,
    image: {
      kind: imageKind(file.objects),
      architecture: imageArchitecture(file),
      platforms: image.platforms,
    },
    header,
    objects: file.objects.map(withoutSlotBytes),
    metadata,
    oci: { config: image.config ?? builtFrom.config },
    signatures: await reportSignatures(file, signatures, hash),
    problems: [
      ...file.problems,
      ...metadataProblems,
      ...image.problems,
      ...builtFrom.problems,
      ...signatureProblems,
    ].slice(0, MAX_PROBLEMS),
  };
}

/** IDs of the objects, signatures aside, that none of these signatures covers. */
export function uncoveredObjects(
  objects: readonly SifObject[],
  signatures: readonly { readonly covers: readonly number[] }[],
): number[] {
  const covered = new Set(signatures.flatMap(({ covers }) => covers));
  return objects.filter(({ type, id }) => type !== "Signature" && !covered.has(id)).map(({ id }) => id);
}

/** What a hasher says that can read nothing. */
function hashNothing(): Promise<null> {
  return Promise.resolve(null);
}

async function reportSignatures(
  file: SifFile,
  signatures: readonly SifSignature[],
  hash: HashRanges,
): Promise<SignatureReport[]> {
  const hashOnce = fileHasher(file, hash);
  const reports: SignatureReport[] = [];
  for (const signature of signatures) {
    const { objectId, format, hash: hashName, fingerprint, keyIds, covers } = signature;
    const digestsMatch = await checkDigests(file, signature, hashOnce);
    reports.push({ objectId, format, hash: hashName, fingerprint, keyIds, covers, digestsMatch });
  }
  return reports;
}

function readBuiltFromConfig(file: SifFile): { config: JsonObject | null; problems: SifProblem[] } {
  const object = findObject(file.objects, "GenericJSON", OCI_CONFIG_NAME);
  const bytes = object === undefined ? undefined : file.contents.get(object.id);
  if (object === undefined || bytes === undefined) return { config: null, problems: [] };
  const parsed = parseJson(bytes);
  if (parsed.ok && isJsonObject(parsed.value)) return { config: parsed.value, problems: [] };
  const message = `${OCI_CONFIG_NAME} is ${parsed.ok ? "not a JSON object" : parsed.problem}`;
  return { config: null, problems: [{ objectId: object.id, message }] };
}

function withoutSlotBytes(descriptor: SifDescriptor): SifObject {
  const { slotBytes: _, ...object } = descriptor;
  return object;
}
