/** What is inside an image, for its page. */

import { type Inspection, inspectBlob } from "../inspect/inspection.ts";
import { type JudgedSignature, judgeSignatures } from "../inspect/judge-signatures.ts";
import type { Image } from "../repository/image.ts";
import type { Services } from "../services.ts";
import type { UpstreamCredentials } from "../upstream/credentials.ts";

/** A report, and how far it can be believed. */
export interface LoadedReport extends Pick<Inspection, "report" | "verified"> {
  readonly signatures: readonly JudgedSignature[];
}

/**
 * Reads what is inside an image. The first time for one in the cache this hashes all of it, if it is signed.
 * @throws {RegistryError} `invalid-sif`, `not-a-sif-file`, or why the bytes could not be read
 */
export async function loadReport(
  services: Services,
  image: Image,
  lent: UpstreamCredentials | undefined,
): Promise<LoadedReport> {
  const { registry, repository } = image.reference;
  const { digest, sizeBytes } = image.layer;
  const source = { registry, repository, credentials: lent };
  const inspection = await inspectBlob(services, { digest, sizeBytes, source });
  const signatures = await judgeSignatures(services.config, inspection, Date.now());
  return { report: inspection.report, verified: inspection.verified, signatures };
}
