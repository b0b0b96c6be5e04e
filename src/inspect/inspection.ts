/** What is in a SIF image, wherever its bytes are: in the cache, or at its upstream only. */

import { withUpstreamRanges } from "../blob/blob-ranges.ts";
import type { OpenRequest } from "../blob/blob-state.ts";
import { findInSif } from "../blob/inspector.ts";
import { callObject } from "../call-object.ts";
import { repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import { ByteCache } from "../store/byte-cache.ts";
import type { SifFindings } from "../store/inspection-store.ts";

/** What was found in a file. */
export interface Inspection extends SifFindings {
  /** Whether it was found in bytes whose digest was checked. */
  readonly verified: boolean;
}

/** What an upstream showed of a blob is believed for so long, in milliseconds: for a page and its next look. */
const UNVERIFIED_MS = 60_000;
const CACHE_LIMITS = { totalBytes: 2 * 1024 * 1024, entryBytes: 256 * 1024 };

/** Unverified findings in this isolate, by repository and digest: another upstream may show other bytes. */
const unverified = new ByteCache<{ readonly bytes: Uint8Array; readonly untilMs: number }>(CACHE_LIMITS);

/**
 * Inspects a blob. A committed one in full: its objects are hashed once, for all who ask and for later. Any other one by
 * the few ranges that its metadata is in, without a fill, and without digests of what is not read.
 * @throws {RegistryError} `not-a-sif-file`, `invalid-sif`, and why the blob cannot be read.
 */
export async function inspectBlob(services: Services, request: OpenRequest): Promise<Inspection> {
  return (await inspectCommitted(services, request)) ?? inspectUpstream(services, request);
}

/**
 * Inspects a committed blob; `null` for any other.
 * @throws {RegistryError} `not-a-sif-file`, `invalid-sif`
 */
export async function inspectCommitted(
  services: Services,
  { digest }: Pick<OpenRequest, "digest">,
): Promise<Inspection | null> {
  const { commits, inspections, blobs } = services;
  if ((await commits.get(digest)) === null) return null;
  let findings = await inspections.get(digest);
  if (findings === null) {
    const found = await callObject(() => blobs.getByName(digest).inspect(digest));
    findings = found ? await inspections.get(digest) : null;
  }
  return findings === null ? null : { ...findings, verified: true };
}

async function inspectUpstream({ config }: Services, request: OpenRequest): Promise<Inspection> {
  const key = `${repositoryPath(request.source)}@${request.digest}`;
  // What lent credentials open is for their lender alone.
  const mayKeep = request.source.credentials === undefined;
  const known = mayKeep ? unverified.get(key) : undefined;
  if (known !== undefined && Date.now() < known.untilMs) {
    const findings = JSON.parse(new TextDecoder().decode(known.bytes)) as SifFindings;
    return { ...findings, verified: false };
  }
  const findings = await withUpstreamRanges(config, request, (source) => findInSif(source));
  if (mayKeep) {
    const bytes = new TextEncoder().encode(JSON.stringify(findings));
    unverified.set(key, { bytes, untilMs: Date.now() + UNVERIFIED_MS });
  }
  return { ...findings, verified: false };
}
