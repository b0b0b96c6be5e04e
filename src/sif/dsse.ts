/** DSSE envelopes (secure-systems-lab/dsse, envelope.md): a payload in base64 beside the signatures over it. */

import { isJsonObject, parseJson } from "./json.ts";

/** Type of the payload in a SIF's signatures. */
export const SIF_PAYLOAD_TYPE = "application/vnd.sylabs.sif-metadata+json";

/** More signatures in one envelope make it unreadable. */
const MAX_ENVELOPE_SIGNATURES = 64;

/** The parts of an envelope. */
export interface DsseEnvelope {
  readonly payloadType: string;
  /** The decoded payload; what is signed is its pre-authentication encoding together with `payloadType`. */
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyId: string; readonly signature: string }[];
}

/** Takes an envelope around a SIF's signed metadata apart; undefined when it is none. */
export function parseDsseEnvelope(bytes: Uint8Array): DsseEnvelope | undefined {
  const parsed = parseJson(bytes);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { payloadType, payload, signatures } = parsed.value;
  if (payloadType !== SIF_PAYLOAD_TYPE || typeof payload !== "string") return undefined;
  const decoded = decodeBase64(payload);
  if (decoded === undefined || !Array.isArray(signatures)) return undefined;
  if (signatures.length === 0 || signatures.length > MAX_ENVELOPE_SIGNATURES) return undefined;
  const read = signatures.map(parseSignature).filter((signature) => signature !== undefined);
  return read.length === signatures.length ? { payloadType, payload: decoded, signatures: read } : undefined;
}

function parseSignature(value: unknown): { keyId: string; signature: string } | undefined {
  if (!isJsonObject(value)) return undefined;
  const { keyid, sig } = value;
  return typeof sig === "string"
    ? { keyId: typeof keyid === "string" ? keyid : "", signature: sig }
    : undefined;
}

/** Both alphabets, as the specification asks. */
function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
