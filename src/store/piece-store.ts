/** The pieces of blobs in R2. */

import { type Digest, parseDigest } from "../oci/digest.ts";
import { PIECES_PREFIX, namesUpload, ownerKey, pieceKey, piecePrefix } from "./keys.ts";
import { SteadyBucket } from "./steady-bucket.ts";

/** Keys that one R2 `delete` takes (developers.cloudflare.com/r2/api/workers/workers-api-reference). */
const DELETE_LIMIT = 1000;

/** What a listing tells of a piece. */
export interface PieceFacts {
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly storedMs: number;
}

/** A part of the list of fills. */
export interface FillPage {
  readonly fillIds: readonly string[];
  /** Whether more follow. */
  readonly more: boolean;
}

/** Reads and writes pieces as native streams; no method holds a piece in memory. */
export class PieceStore {
  readonly #bucket: R2Bucket;
  readonly #steady: SteadyBucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
    this.#steady = new SteadyBucket(bucket);
  }

  /**
   * Stores one piece, once: a piece that is there already stays as it is, so that a late writer (an object that was
   * evicted while its fetch ran on) can never change bytes that were verified.
   * @param body a stream of known length, which is read to its end
   * @throws {Error} when R2 fails or the stream ends short; nothing is stored then
   */
  async put(fillId: string, index: number, body: ReadableStream): Promise<void> {
    await this.#bucket.put(pieceKey(fillId, index), body, { onlyIf: { etagDoesNotMatch: "*" } });
  }

  /**
   * Bytes of one piece; `null` when the piece is not there. The length is always told, because what is stored may be
   * longer than its piece: a body whose length nobody announced is padded to the length that R2 wants to know first.
   * @param offsetBytes where in the piece to begin, less than its size
   * @param lengthBytes at least 1, and not beyond the piece's end
   */
  async get(
    fillId: string,
    index: number,
    offsetBytes: number,
    lengthBytes: number,
  ): Promise<ReadableStream | null> {
    const range = { offset: offsetBytes, length: lengthBytes };
    const object = await this.#steady.get(pieceKey(fillId, index), range);
    return object?.body ?? null;
  }

  /** Which pieces of one fill are there: the record of how far it is, since R2 lists what it has without delay. */
  async list(fillId: string): Promise<Set<number>> {
    return new Set((await this.stat(fillId)).keys());
  }

  /** The pieces of one fill that are there, by index. */
  async stat(fillId: string): Promise<Map<number, PieceFacts>> {
    const prefix = piecePrefix(fillId);
    const pieces = new Map<number, PieceFacts>();
    let cursor: string | undefined;
    do {
      const page = await this.#steady.list(cursor === undefined ? { prefix } : { prefix, cursor });
      for (const { key, size, uploaded } of page.objects) {
        pieces.set(Number(key.slice(prefix.length)), { sizeBytes: size, storedMs: uploaded.getTime() });
      }
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
    return pieces;
  }

  /**
   * The fills that have pieces, in the order of their names.
   * @param after the name to begin behind
   * @param limit at most 1000
   */
  async fills(after: string | undefined, limit: number): Promise<FillPage> {
    const page = await this.#steady.list({
      prefix: PIECES_PREFIX,
      delimiter: "/",
      limit,
      // "0" follows "/": behind all pieces of that fill, and before every other name that begins like it.
      ...(after === undefined ? {} : { startAfter: `${PIECES_PREFIX}${after}0` }),
    });
    const fillIds = page.delimitedPrefixes.map((prefix) => prefix.slice(PIECES_PREFIX.length, -1));
    return { fillIds, more: page.truncated };
  }

  /** Deletes one piece. */
  async delete(fillId: string, index: number): Promise<void> {
    await this.#steady.delete(pieceKey(fillId, index));
  }

  /** Notes which blob the pieces of an upload are about to become; {@link PieceStore.deleteAll} deletes the note. */
  noteOwner(fillId: string, digest: Digest): Promise<void> {
    return this.#steady.put(ownerKey(fillId), digest);
  }

  /** Which blob the pieces of an upload may have become; `undefined` for none. */
  async ownerOf(fillId: string): Promise<Digest | undefined> {
    const note = await this.#steady.read(ownerKey(fillId));
    return note === null ? undefined : parseDigest(new TextDecoder().decode(note.bytes));
  }

  /** Deletes all pieces of one fill. */
  async deleteAll(fillId: string): Promise<void> {
    // The note first: pieces that are left by accident are then nobody's, and the sweep takes them.
    if (namesUpload(fillId)) await this.#steady.delete(ownerKey(fillId));
    for (;;) {
      const page = await this.#steady.list({ prefix: piecePrefix(fillId), limit: DELETE_LIMIT });
      if (page.objects.length > 0) await this.#steady.delete(page.objects.map((object) => object.key));
      if (!page.truncated) return;
    }
  }
}
