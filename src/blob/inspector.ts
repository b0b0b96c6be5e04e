/** Reading what is in a blob that may be a SIF file, from its pieces or from its upstream. */

import type { Digest } from "../oci/digest.ts";
import { inspectSif } from "../sif/inspect.ts";
import type { HashRanges } from "../sif/range-hasher.ts";
import { readSif, type SifSource } from "../sif/reader.ts";
import { parseSignatures } from "../sif/signature.ts";
import type { CommitStore } from "../store/commit-store.ts";
import type { InspectionStore, SifFindings } from "../store/inspection-store.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { committedRanges } from "./blob-ranges.ts";
import { storedDigests } from "./stored-digests.ts";
import { MissingPiece } from "./stored-bytes.ts";

/**
 * Reads a SIF file.
 * @param hash what it hashes objects with; without it, digests of what is not in memory are untold
 * @throws {RegistryError} `not-a-sif-file`, `invalid-sif`, and whatever the source throws.
 */
export async function findInSif(source: SifSource, hash?: HashRanges): Promise<SifFindings> {
  const file = await readSif(source);
  const report = await (hash === undefined ? inspectSif(file) : inspectSif(file, hash));
  const messages = parseSignatures(file).signatures.flatMap(({ objectId, clearSigned }) =>
    clearSigned === undefined ? [] : [{ objectId, armored: clearSigned.armored }],
  );
  return { report, messages };
}

/** What a {@link BlobInspector} works with. */
export interface BlobInspectorOptions {
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
  readonly inspections: InspectionStore;
}

/**
 * Inspects one committed blob on behalf of all who ask meanwhile: the digests of its objects are taken over gigabytes,
 * which is done once and written down.
 */
export class BlobInspector {
  readonly #options: BlobInspectorOptions;
  #running: Promise<boolean> | undefined;

  constructor(options: BlobInspectorOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that the findings are in the store.
   * @returns false where the blob is not committed, or not all of it is there any more
   * @throws {RegistryError} `not-a-sif-file`, `invalid-sif`
   */
  inspect(digest: Digest): Promise<boolean> {
    this.#running ??= this.#inspect(digest).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #inspect(digest: Digest): Promise<boolean> {
    const { pieces, commits, inspections } = this.#options;
    const commit = await commits.get(digest);
    if (commit === null) return false;
    try {
      const findings = await findInSif(committedRanges(pieces, commit), storedDigests(pieces, commit));
      await inspections.put(digest, findings);
    } catch (error) {
      if (error instanceof MissingPiece) return false;
      throw error;
    }
    // Dropped meanwhile: whoever dropped it found nothing to forget yet.
    if ((await commits.get(digest)) === null) await inspections.delete(digest);
    return true;
  }
}
