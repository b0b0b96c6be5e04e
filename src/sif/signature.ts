/** The signatures of a SIF file: of which kind, by whom as they say themselves, and over which objects. */

import { parseClearSigned, type ClearSigned } from "./clear-signed.ts";
import type { SifDescriptor, SifLink } from "./descriptor.ts";
import { parseDsseEnvelope, type DsseEnvelope } from "./dsse.ts";
import type { SifProblem } from "./invalid.ts";
import type { SifFile } from "./reader.ts";
import {
  isLegacyText,
  parseLegacyClaims,
  parseMetadataClaims,
  type LegacyClaims,
  type MetadataClaims,
} from "./signed-claims.ts";
import { decodeStrictly } from "./text.ts";
import { signatureObjects } from "./wanted-objects.ts";

/** `pgp`: clear-signed JSON; `dsse`: an envelope; `legacy`: a clear-signed bare hash; `unknown`: none of these. */
export type SignatureFormat = "pgp" | "dsse" | "legacy" | "unknown";

/** A signature as it stands in the file; whether anyone's key made it is not checked here. */
export interface SifSignature {
  readonly objectId: number;
  readonly format: SignatureFormat;
  /** The descriptor's hash, such as `SHA256`. */
  readonly hash: string;
  /** The descriptor's fingerprint in lower-case hex; anybody can write one here. */
  readonly fingerprint: string | null;
  /** Key IDs that a DSSE envelope names. */
  readonly keyIds: readonly string[];
  readonly link: SifLink | null;
  /** IDs of the objects it says something about, be they in the file or not. */
  readonly covers: readonly number[];
  /** What it says of them; undefined when unreadable. */
  readonly claims: MetadataClaims | LegacyClaims | undefined;
  /** The clear-signed message of `pgp` and `legacy`, for an OpenPGP library. */
  readonly clearSigned: ClearSigned | undefined;
  /** The envelope of `dsse`. */
  readonly envelope: DsseEnvelope | undefined;
}

/** Every signature that was read, and a problem for each that is not understood. */
export interface Signatures {
  readonly signatures: readonly SifSignature[];
  readonly problems: readonly SifProblem[];
}

/** Reads a file's signatures. */
export function parseSignatures(file: SifFile): Signatures {
  const signatures = signatureObjects(file.objects).map((object) => parseSignature(object, file));
  const problems = signatures
    .filter(({ objectId, claims }) => claims === undefined && file.contents.has(objectId))
    .map(({ objectId }) => ({ objectId, message: "Signature is of no known format, or damaged" }));
  return { signatures, problems };
}

/** The lowest object ID of a group, from which relative IDs count; undefined when the group has no object. */
export function lowestIdOfGroup(objects: readonly SifDescriptor[], group: number): number | undefined {
  let lowest: number | undefined;
  for (const object of objects) {
    if (object.group === group && (lowest === undefined || object.id < lowest)) lowest = object.id;
  }
  return lowest;
}

/** The objects that a legacy signature is over, in the order in which their bytes are hashed. */
export function legacySignedObjects(
  objects: readonly SifDescriptor[],
  link: SifLink | null,
): SifDescriptor[] {
  if (link === null) return [];
  return objects.filter((object) => (link.kind === "group" ? object.group : object.id) === link.id);
}

function parseSignature(object: SifDescriptor, file: SifFile): SifSignature {
  const content = parseContent(object, file.contents.get(object.id));
  return {
    objectId: object.id,
    format: content.format,
    hash: object.signature?.hash ?? "Unknown",
    fingerprint: object.signature?.fingerprint ?? null,
    keyIds: content.envelope?.signatures.map(({ keyId }) => keyId) ?? [],
    link: object.link,
    covers: coveredIds(content.claims, object.link, file.objects),
    claims: content.claims,
    clearSigned: content.clearSigned,
    envelope: content.envelope,
  };
}

type Content = Pick<SifSignature, "format" | "claims" | "clearSigned" | "envelope">;

const UNREADABLE: Content = {
  format: "unknown",
  claims: undefined,
  clearSigned: undefined,
  envelope: undefined,
};

function parseContent(object: SifDescriptor, bytes: Uint8Array | undefined): Content {
  if (bytes === undefined) return UNREADABLE;
  const envelope = parseDsseEnvelope(bytes);
  if (envelope !== undefined) {
    return { ...UNREADABLE, format: "dsse", envelope, claims: parseMetadataClaims(envelope.payload) };
  }
  const clearSigned = parseClearSigned(decodeStrictly(bytes) ?? "");
  if (clearSigned === undefined) return UNREADABLE;
  const { text } = clearSigned;
  if (isLegacyText(text)) {
    const claims = parseLegacyClaims(text, object.signature?.hash ?? "");
    return { ...UNREADABLE, format: "legacy", clearSigned, claims };
  }
  const claims = parseMetadataClaims(new TextEncoder().encode(text));
  return { ...UNREADABLE, format: "pgp", clearSigned, claims };
}

function coveredIds(
  claims: MetadataClaims | LegacyClaims | undefined,
  link: SifLink | null,
  objects: readonly SifDescriptor[],
): number[] {
  if (claims === undefined || link === null) return [];
  if (claims.kind === "legacy") return legacySignedObjects(objects, link).map(({ id }) => id);
  const lowest = link.kind === "group" ? lowestIdOfGroup(objects, link.id) : undefined;
  return lowest === undefined ? [] : claims.objects.map(({ relativeId }) => lowest + relativeId);
}
