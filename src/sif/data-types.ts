/**
 * The words of SIF descriptors. They are the names the reference library (apptainer/sif) has for its constants, so
 * that what we show can be laid beside the output of other SIF tools.
 */

/** What a used descriptor's object is; `Unknown` for numbers that this version of the format does not define. */
export type SifDataType =
  | "Deffile"
  | "EnvVar"
  | "Labels"
  | "Partition"
  | "Signature"
  | "GenericJSON"
  | "Generic"
  | "CryptoMessage"
  | "SBOM"
  | "OCIRootIndex"
  | "OCIBlob"
  | "Unknown";

const DATA_TYPES: ReadonlyMap<number, SifDataType> = new Map([
  [0x4001, "Deffile"],
  [0x4002, "EnvVar"],
  [0x4003, "Labels"],
  [0x4004, "Partition"],
  [0x4005, "Signature"],
  [0x4006, "GenericJSON"],
  [0x4007, "Generic"],
  [0x4008, "CryptoMessage"],
  [0x4009, "SBOM"],
  [0x400a, "OCIRootIndex"],
  [0x400b, "OCIBlob"],
]);

const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [1, "Squashfs"],
  [2, "Ext3"],
  [3, "Archive"],
  [4, "Raw"],
  [5, "Encrypted squashfs"],
  [6, "Gocryptfs squashfs"],
]);

/** The file systems that are unreadable without the image's key. */
export const ENCRYPTED_FILE_SYSTEMS: ReadonlySet<string> = new Set([
  "Encrypted squashfs",
  "Gocryptfs squashfs",
]);

/** The partition type of the one partition that `run` starts. */
export const PRIMARY_PARTITION = "PrimSys";

const PARTITION_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "System"],
  [2, PRIMARY_PARTITION],
  [3, "Data"],
  [4, "Overlay"],
]);

const HASHES: ReadonlyMap<number, string> = new Map([
  [1, "SHA256"],
  [2, "SHA384"],
  [3, "SHA512"],
  [4, "BLAKE2S"],
  [5, "BLAKE2B"],
]);

const MESSAGE_FORMATS: ReadonlyMap<number, string> = new Map([
  [1, "OpenPGP"],
  [2, "PEM"],
]);

const MESSAGE_TYPES: ReadonlyMap<number, string> = new Map([
  [0x100, "ClearSignature"],
  [0x200, "RSAOAEP"],
]);

const SBOM_FORMATS: ReadonlyMap<number, string> = new Map([
  [1, "cyclonedx-json"],
  [2, "cyclonedx-xml"],
  [3, "github-json"],
  [4, "spdx-json"],
  [5, "spdx-rdf"],
  [6, "spdx-tag-value"],
  [7, "spdx-yaml"],
  [8, "syft-json"],
]);

/** Shown for a number without a name. */
const UNKNOWN = "Unknown";

/** The name of a descriptor's data type, such as `Partition` for 0x4004. */
export function dataTypeName(value: number): SifDataType {
  return DATA_TYPES.get(value) ?? UNKNOWN;
}

/** The name of a partition's file system, such as `Squashfs` for 1. */
export function fileSystemName(value: number): string {
  return FILE_SYSTEMS.get(value) ?? UNKNOWN;
}

/** The name of a partition's type, such as `PrimSys` for 2. */
export function partitionTypeName(value: number): string {
  return PARTITION_TYPES.get(value) ?? UNKNOWN;
}

/** The name of a signature's hash, such as `SHA256` for 1. */
export function hashName(value: number): string {
  return HASHES.get(value) ?? UNKNOWN;
}

/** The name of a cryptographic message's format, such as `PEM` for 2. */
export function messageFormatName(value: number): string {
  return MESSAGE_FORMATS.get(value) ?? UNKNOWN;
}

/** The name of a cryptographic message's type, such as `RSAOAEP` for 0x200. */
export function messageTypeName(value: number): string {
  return MESSAGE_TYPES.get(value) ?? UNKNOWN;
}

/** The name of an SBOM's format, such as `spdx-json` for 4. */
export function sbomFormatName(value: number): string {
  return SBOM_FORMATS.get(value) ?? UNKNOWN;
}
