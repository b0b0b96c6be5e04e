/** Whether the digests that a signature was made over are those of this very file. */

import { computableAlgorithm, type ClaimedDigest } from "./claimed-digest.ts";
import { signedDescriptorBytes, type SifDescriptor } from "./descriptor.ts";
import { hashBytes, type HashRanges } from "./range-hasher.ts";
import type { SifFile } from "./reader.ts";
import { legacySignedObjects, lowestIdOfGroup, type SifSignature } from "./signature.ts";
import type { MetadataClaims } from "./signed-claims.ts";

/** True or false where it is certain, null where something needed cannot be read or computed. */
export type DigestsMatch = boolean | null;

type Check = () => Promise<DigestsMatch>;

/**
 * Compares a signature's digests with the file: the header's, each descriptor's, each object's. The cheap ones come
 * first, and the first that differs settles it, so that a forged signature costs little reading. True says nothing of
 * who signed, nor that the objects the signature passes over are sound.
 * @param hash hashes objects of the file; `fileHasher` makes one that reads each object once
 */
export async function checkDigests(
  file: SifFile,
  signature: SifSignature,
  hash: HashRanges,
): Promise<DigestsMatch> {
  const { claims, link } = signature;
  if (claims === undefined || link === null) return null;
  if (claims.kind === "legacy") {
    const objects = legacySignedObjects(file.objects, link);
    return objects.length === 0 ? false : checkObjects(objects, claims.digest, hash);
  }
  if (link.kind !== "group") return null; // relative IDs count from a group's lowest, so there is nothing to compare
  const checks = metadataChecks(file, claims, link.id, hash);
  return checks === undefined ? false : settle(checks);
}

/** Undefined when an object that was signed is not in the group, be it deleted or moved to another one. */
function metadataChecks(
  file: SifFile,
  claims: MetadataClaims,
  group: number,
  hash: HashRanges,
): Check[] | undefined {
  const lowest = lowestIdOfGroup(file.objects, group);
  if (lowest === undefined) return undefined;
  const members = new Map<number, SifDescriptor>();
  for (const object of file.objects) if (object.group === group) members.set(object.id, object);

  const checks: Check[] = [() => checkBytes(file.header.signedBytes, claims.headerDigest)];
  const objectChecks: Check[] = [];
  for (const { relativeId, descriptorDigest, objectDigest } of claims.objects) {
    const object = members.get(lowest + relativeId);
    if (object === undefined) return undefined;
    checks.push(() => checkBytes(signedDescriptorBytes(object, relativeId), descriptorDigest));
    objectChecks.push(() => checkObjects([object], objectDigest, hash));
  }
  return [...checks, ...objectChecks];
}

/** False as soon as one is, true when all are. One after another: each may stream gigabytes. */
async function settle(checks: readonly Check[]): Promise<DigestsMatch> {
  let result: DigestsMatch = true;
  for (const check of checks) {
    const matches = await check();
    if (matches === false) return false;
    if (matches === null) result = null;
  }
  return result;
}

async function checkBytes(bytes: Uint8Array, claimed: ClaimedDigest): Promise<DigestsMatch> {
  const algorithm = computableAlgorithm(claimed);
  return algorithm === undefined ? null : (await hashBytes(bytes, algorithm)) === claimed.hex;
}

async function checkObjects(
  objects: readonly SifDescriptor[],
  claimed: ClaimedDigest,
  hash: HashRanges,
): Promise<DigestsMatch> {
  const algorithm = computableAlgorithm(claimed);
  if (algorithm === undefined) return null;
  const ranges = objects.map(({ offset, size }) => ({ startBytes: offset, endBytes: offset + size }));
  const digest = await hash(ranges, algorithm);
  return digest === null ? null : digest === claimed.hex;
}
