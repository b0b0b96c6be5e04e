/** Receiving a SIF file: checked at its first bytes, stored as it streams, verified. */

import { committedRanges } from "../blob/blob-ranges.ts";
import { RegistryError } from "../errors.ts";
import { type DigestAlgorithm, parseDigest } from "../oci/digest.ts";
import type { StoredBlob } from "../repository/destination.ts";
import type { Services } from "../services.ts";
import { createdAnnotation } from "../sif/created.ts";
import { HEADER_BYTES, type SifHeader, parseHeader } from "../sif/header.ts";
import { readSif } from "../sif/reader.ts";
import type { BodyReader } from "../upload/body-reader.ts";
import { UploadSession } from "../upload/sessions.ts";

/** What is announced of a file. */
export interface IncomingFile {
  readonly body: BodyReader;
  readonly announcedBytes: number | undefined;
  /** Digests that it must have, in lower-case hex. */
  readonly digests: ReadonlyMap<DigestAlgorithm, string>;
}

/**
 * Looks at the first bytes of a file; they are read again afterwards.
 * @throws {RegistryError} `not-a-sif-file`
 */
export async function sniff(body: BodyReader): Promise<SifHeader> {
  try {
    return parseHeader(await body.peek(HEADER_BYTES));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // One that is too short for a header, or of a version that nobody has heard of, is no SIF file either.
    throw new RegistryError("not-a-sif-file", error.message, { cause: error });
  }
}

/**
 * Stores a file and checks its digests.
 * @param path `registry/repository` that it is for
 * @throws {RegistryError} `invalid-digest` where it has another one than announced, and nothing is kept;
 *   `size-mismatch`, `quota-exceeded`
 */
export async function receiveSif(
  services: Services,
  path: string,
  { body, announcedBytes, digests }: IncomingFile,
): Promise<StoredBlob> {
  const session = await UploadSession.start(services, path);
  try {
    await session.append({ body, announcedBytes });
    for (const [algorithm, expected] of digests) {
      // The blob's own digest is checked as it is finished.
      if (algorithm === "sha256") continue;
      const found = await session.hash(algorithm);
      if (found !== expected) throw otherDigest(`${algorithm}:${expected}`, `${algorithm}:${found}`);
    }
    const sha256 = digests.get("sha256");
    return await session.commit(sha256 === undefined ? "sha256" : parseDigest(`sha256:${sha256}`));
  } catch (error) {
    await session.cancel().catch(() => {
      // It was given up already, or its time will be over.
    });
    throw error;
  }
}

/**
 * The created annotation of a file in the store; `undefined` for a file that is too damaged to tell.
 * @throws {unknown} what the store fails with
 */
export async function createdOf(services: Services, { digest }: StoredBlob): Promise<string | undefined> {
  const commit = await services.commits.get(digest);
  if (commit === null) throw new Error(`Cannot read blob "${digest}": it was stored and is gone`);
  try {
    return createdAnnotation(await readSif(committedRanges(services.pieces, commit)), Date.now());
  } catch (error) {
    if (error instanceof RegistryError && error.code === "invalid-sif") return undefined;
    throw error;
  }
}

function otherDigest(expected: string, found: string): RegistryError {
  return new RegistryError(
    "invalid-digest",
    `Cannot store file: its digest is ${found}, the request announced ${expected}; nothing was kept`,
  );
}
