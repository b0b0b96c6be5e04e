/** The last 384 bytes of a descriptor, which mean something else for each data type. */

import { architectureName, ARCHITECTURE_BYTES } from "./architecture.ts";
import {
  fileSystemName,
  hashName,
  messageFormatName,
  messageTypeName,
  partitionTypeName,
  sbomFormatName,
  type SifDataType,
} from "./data-types.ts";
import { formatHex } from "./hex.ts";
import { decodeName } from "./text.ts";

/** Length of a descriptor's type-specific part. */
export const EXTRA_BYTES = 384;

/** An OpenPGP version 4 fingerprint, the only part of a signature's 256-byte entity that means anything. */
const FINGERPRINT_BYTES = 20;

/** What a partition holds. */
export interface SifPartition {
  /** `Squashfs`, `Ext3`, `Archive`, `Raw`, `Encrypted squashfs`, `Gocryptfs squashfs` or `Unknown`. */
  readonly fileSystem: string;
  /** `System`, `PrimSys` (the one that runs), `Data`, `Overlay` or `Unknown`. */
  readonly type: string;
  /** Go name, or `unknown`. */
  readonly architecture: string;
}

/** What a signature's descriptor says of it, unverified. */
export interface SifSignatureExtra {
  /** `SHA256`, `SHA384`, `SHA512`, `BLAKE2S`, `BLAKE2B` or `Unknown`. */
  readonly hash: string;
  /** Lower-case hex of the signing key's fingerprint; null for signatures made without an OpenPGP key. */
  readonly fingerprint: string | null;
}

/** The parts of a descriptor that depend on its type; at most one is there. */
export interface SifExtra {
  readonly partition?: SifPartition;
  readonly signature?: SifSignatureExtra;
  readonly cryptoMessage?: { readonly format: string; readonly type: string };
  readonly sbom?: { readonly format: string };
  /** Digest of an OCI root index or blob, as written: not checked, and not always a digest. */
  readonly oci?: { readonly digest: string };
}

/** Reads a descriptor's type-specific part, {@link EXTRA_BYTES} long; empty for types that have none. */
export function parseExtra(type: SifDataType, extra: Uint8Array): SifExtra {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  switch (type) {
    case "Partition":
      return {
        partition: {
          fileSystem: fileSystemName(view.getInt32(0, true)),
          type: partitionTypeName(view.getInt32(4, true)),
          architecture: architectureName(extra.subarray(8, 8 + ARCHITECTURE_BYTES)),
        },
      };
    case "Signature":
      return {
        signature: {
          hash: hashName(view.getInt32(0, true)),
          fingerprint: parseFingerprint(extra.subarray(4, 4 + FINGERPRINT_BYTES)),
        },
      };
    case "CryptoMessage":
      return {
        cryptoMessage: {
          format: messageFormatName(view.getInt32(0, true)),
          type: messageTypeName(view.getInt32(4, true)),
        },
      };
    case "SBOM":
      return { sbom: { format: sbomFormatName(view.getInt32(0, true)) } };
    case "OCIRootIndex":
    case "OCIBlob":
      return { oci: { digest: parseOciDigest(extra) } };
    case "Deffile":
    case "EnvVar":
    case "Labels":
    case "GenericJSON":
    case "Generic":
    case "Unknown":
    default:
      return {};
  }
}

function parseFingerprint(bytes: Uint8Array): string | null {
  return bytes.some((byte) => byte !== 0) ? formatHex(bytes) : null;
}

function parseOciDigest(extra: Uint8Array): string {
  const end = extra.indexOf(0);
  return decodeName(end === -1 ? extra : extra.subarray(0, end));
}
