/** The standing of a file's signatures with the keys that are trusted today. */

import type { Config } from "../config.ts";
import type { SignatureReport } from "../sif/inspect.ts";
import type { SifFindings } from "../store/inspection-store.ts";
import { keyRing, type KeyRing } from "./key-ring.ts";
import { checkClearSigned } from "./pgp-check.ts";
import { type SignatureTrust, withoutKey } from "./trust.ts";

/** A signature with its standing. */
export interface JudgedSignature extends SignatureReport {
  readonly trust: SignatureTrust;
}

/**
 * Judges each signature of a file.
 * @throws {RegistryError} `bad-configuration` where a trusted key cannot be read.
 */
export async function judgeSignatures(
  config: Config,
  { report, messages }: SifFindings,
  nowMs: number,
): Promise<JudgedSignature[]> {
  const armored = new Map(messages.map((message) => [message.objectId, message.armored]));
  if (config.trustedKeys.length === 0 || armored.size === 0) {
    return report.signatures.map((signature) => ({ ...signature, trust: unchecked(signature) }));
  }
  const named = report.signatures.flatMap(({ fingerprint }) => fingerprint ?? []);
  const ring = await keyRing(config, new Set(named), nowMs);
  const judged: JudgedSignature[] = [];
  for (const signature of report.signatures) {
    const message = armored.get(signature.objectId);
    const trust = message === undefined ? unchecked(signature) : await check(message, ring, nowMs);
    judged.push({ ...signature, trust });
  }
  return judged;
}

/** A key that is missing may be the one that made a signature of nobody's. */
async function check(message: string, { keys, problems }: KeyRing, nowMs: number): Promise<SignatureTrust> {
  const trust = await checkClearSigned(message, keys, nowMs);
  const [problem] = problems;
  return trust.status === "unknown-key" && problem !== undefined ? withoutKey("not-checked", problem) : trust;
}

function unchecked({ format }: SignatureReport): SignatureTrust {
  switch (format) {
    case "pgp":
    case "legacy":
      return withoutKey("not-checked", "No trusted keys are configured");
    case "dsse":
      return withoutKey("not-checked", "DSSE signatures are not checked");
    case "unknown":
      return withoutKey("not-checked", "The signature is of no known format");
  }
}
