/** What must hold of everything that is stored, whatever happened: looked at in the bucket and in the objects themselves. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BlobRecord } from "../../src/blob/blob-record.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { type CommitRecord, CommitStore } from "../../src/store/commit-store.ts";
import { COMMIT_PREFIX, PIECES_PREFIX, digestOfFill } from "../../src/store/keys.ts";
import { pieceByIndex, pieceCount } from "../../src/store/layout.ts";
import { PieceStore } from "../../src/store/piece-store.ts";
import { digestOf } from "../worker/edge.ts";

const commits = new CommitStore(env.BUCKET);
const pieces = new PieceStore(env.BUCKET);

/** All keys of the bucket behind a prefix. */
export async function keysBehind(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await env.BUCKET.list(cursor === undefined ? { prefix } : { prefix, cursor });
    keys.push(...page.objects.map(({ key }) => key));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return keys;
}

/** Keys of pieces that no commit record, no blob's object and no upload session names. */
export async function findOrphans(): Promise<string[]> {
  const committed = new Map<string, CommitRecord>();
  for (const key of await keysBehind(COMMIT_PREFIX)) {
    const commit = await commits.get(parseDigest(key.slice(COMMIT_PREFIX.length)));
    if (commit !== null) committed.set(commit.fillId, commit);
  }
  const orphans: string[] = [];
  const counts = new Map<string, number>();
  for (const key of await keysBehind(PIECES_PREFIX)) {
    const [, fillId = "", index = ""] = key.split("/");
    const owner = digestOfFill(fillId);
    const commit = committed.get(fillId);
    // An adopted upload may have had writers whose late pieces are not in its layout; they go with it.
    if (commit !== undefined && owner === undefined) continue;
    const known = counts.get(fillId);
    const count = known ?? (commit === undefined ? await piecesNamed(fillId) : pieceCount(commit.layout));
    counts.set(fillId, count);
    if (Number(index) < count) continue;
    orphans.push(key);
  }
  return orphans;
}

/** How many pieces of a fill its blob's object or its upload's session may still make use of. */
async function piecesNamed(fillId: string): Promise<number> {
  const digest = digestOfFill(fillId);
  if (digest === undefined) {
    return runInDurableObject(env.UPLOADS.getByName(fillId), (_upload, { storage }) =>
      storage.kv.get("upload") === undefined ? 0 : Infinity,
    );
  }
  return runInDurableObject(env.BLOBS.getByName(digest), (_blob, { storage }) => {
    const record = storage.kv.get<BlobRecord>("blob");
    const named = record?.fillId === fillId && record.resumable !== false;
    return named ? pieceCount(record.layout) : 0;
  });
}

/**
 * Reads a committed blob piece by piece, past the service.
 * @returns what is wrong with it; nothing for a blob that is not committed
 */
export async function damageOf(digest: Digest): Promise<"missing" | "altered" | undefined> {
  const commit = await commits.get(digest);
  if (commit === null) return undefined;
  const whole = new Uint8Array(commit.sizeBytes);
  for (let index = 0; index < pieceCount(commit.layout); index++) {
    const { startBytes, endBytes } = pieceByIndex(commit.layout, index);
    if (endBytes === startBytes) continue;
    const body = await pieces.get(commit.fillId, index, 0, endBytes - startBytes);
    if (body === null) return "missing";
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    if (bytes.length !== endBytes - startBytes) return "altered";
    whole.set(bytes, startBytes);
  }
  return (await digestOf(whole)) === digest ? undefined : "altered";
}
