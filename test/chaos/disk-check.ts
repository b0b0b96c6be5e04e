/** What must hold of the bucket of a service that has ended, after a sweep. */

import type { CommitRecord } from "../../src/store/commit-store.ts";
import { COMMIT_PREFIX, PIECES_PREFIX, digestOfFill, pieceKey } from "../../src/store/keys.ts";
import { pieceByIndex, pieceCount } from "../../src/store/layout.ts";
import type { BucketFile } from "../support/bucket-files.ts";
import { sha256Bytes } from "../support/sha256.ts";

/** What was found. */
export interface DiskFindings {
  /** Everything that must never be. */
  readonly violations: readonly string[];
  /** Pieces of uploads that no commit record names: their sessions may go on with them for a day. */
  readonly uploadPieces: number;
}

/** Each commit record has the bytes of its digest, and each piece of a fetched blob has a commit record. */
export function checkDisk(files: readonly Pick<BucketFile, "key" | "bytes">[]): DiskFindings {
  const violations: string[] = [];
  const byKey = new Map(files.map((file) => [file.key, file]));
  const named = new Set<string>();
  for (const { key, bytes } of files) {
    if (!key.startsWith(COMMIT_PREFIX)) continue;
    const { digest, fillId, layout } = JSON.parse(Buffer.from(bytes()).toString()) as CommitRecord;
    const parts = Array.from({ length: pieceCount(layout) }, (_, index) => {
      const piece = pieceKey(fillId, index);
      named.add(piece);
      const { startBytes, endBytes } = pieceByIndex(layout, index);
      return (
        byKey
          .get(piece)
          ?.bytes()
          .subarray(0, endBytes - startBytes) ?? new Uint8Array()
      );
    });
    if (sha256Bytes(Buffer.concat(parts)) !== digest)
      violations.push(`${digest}: committed without its bytes`);
  }
  let uploadPieces = 0;
  for (const { key } of files) {
    if (!key.startsWith(PIECES_PREFIX) || named.has(key)) continue;
    if (digestOfFill(key.split("/")[1] ?? "") === undefined) uploadPieces++;
    else violations.push(`${key}: a piece that nobody names after the sweep`);
  }
  return { violations, uploadPieces };
}
