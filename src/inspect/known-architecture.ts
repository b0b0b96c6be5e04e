/** The architecture of an image that the cache has, for look-ups that must not wait for anything. */

import { committedRanges } from "../blob/blob-ranges.ts";
import { MissingPiece } from "../blob/stored-bytes.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Services } from "../services.ts";
import { UNKNOWN_ARCHITECTURE } from "../sif/architecture.ts";
import { HEADER_BYTES, parseHeader } from "../sif/header.ts";
import { imageArchitecture } from "../sif/image-architecture.ts";
import { readSif, type SifSource } from "../sif/reader.ts";

/** A blob that was not committed is looked for again after this, in milliseconds. */
const ABSENT_MS = 10_000;
/** Blobs remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly architecture: string | undefined;
  readonly untilMs: number;
}

const remembered = new Map<Digest, Remembered>();

/**
 * The architecture that a committed SIF file's header tells, in Go's names; `undefined` where the file is not in the
 * cache, or does not tell. The upstream is not asked: a look-up downloads nothing. Costs two small reads, once an
 * isolate.
 */
export async function knownArchitecture(services: Services, digest: Digest): Promise<string | undefined> {
  const nowMs = Date.now();
  const before = remembered.get(digest);
  if (before !== undefined && nowMs < before.untilMs) return before.architecture;
  const found = await read(services, digest);
  remembered.delete(digest);
  remembered.set(digest, {
    architecture: found?.architecture,
    untilMs: found === null ? nowMs + ABSENT_MS : Infinity,
  });
  const oldest = remembered.keys().next();
  if (remembered.size > MAX_REMEMBERED && oldest.done !== true) remembered.delete(oldest.value);
  return found?.architecture;
}

/** `null` where the file is not there to be read. */
async function read(
  { commits, pieces }: Services,
  digest: Digest,
): Promise<{ architecture: string | undefined } | null> {
  const commit = await commits.get(digest);
  if (commit === null) return null;
  try {
    const architecture = await architectureOf(committedRanges(pieces, commit));
    return { architecture: architecture === UNKNOWN_ARCHITECTURE ? undefined : architecture };
  } catch (error) {
    if (error instanceof MissingPiece) return null;
    // No SIF file, or a damaged one: that stays.
    if (error instanceof RegistryError) return { architecture: undefined };
    throw error;
  }
}

/** Only an OCI-SIF, whose header has none, is read further. */
async function architectureOf(source: SifSource): Promise<string> {
  const header = parseHeader(await source.read(0, Math.min(HEADER_BYTES, source.sizeBytes)));
  if (header.architecture !== UNKNOWN_ARCHITECTURE) return header.architecture;
  return imageArchitecture(await readSif(source));
}
