/**
 * Reading a blob, committed or not, in the Worker that serves the client.
 *
 * A committed blob is read from R2 alone. One that is being filled is followed piece by piece. Either way native
 * streams are joined, one behind the other, and JavaScript sees no byte.
 */

import { callObject } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { NamedObjects } from "../objects.ts";
import type { CommitRecord } from "../store/commit-store.ts";
import { type Piece, pieceAt, pieceByIndex, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import type { BlobObject } from "./blob-object.ts";
import type { BlobView, OpenRequest, PieceWait } from "./blob-state.ts";

/** Pieces that begin so soon behind the one being sent are asked for already: what the store takes to answer is hidden. */
const READ_AHEAD_BYTES = 24 * 1024 * 1024;
/** But not more: a Worker waits for six answers at once at most (developers.cloudflare.com/workers/platform/limits). */
const READ_AHEAD_PIECES = 4;
/** Times that one transfer has missing pieces brought back before it gives up. */
const MAX_RECOVERIES = 8;
/** Times that an overloaded object is given time, for one piece. */
const MAX_REFUSALS = 6;

/** What reading needs; all of it is made once per request. */
export interface BlobReaderOptions {
  readonly blobs: NamedObjects<BlobObject>;
  readonly pieces: PieceStore;
}

/** A blob that is there to be read. */
export interface OpenBlob {
  readonly sizeBytes: number;
  /** Whether every byte of it was checked when it was opened. */
  readonly committed: boolean;
  /** Whether it was being filled already. */
  readonly joined: boolean;
  /**
   * Writes the bytes `[startBytes, endBytes)` to a stream and closes it, or aborts it where they cannot be had or do
   * not match the digest. Takes the last piece only when the whole blob is verified.
   */
  readonly send: (writable: WritableStream, startBytes: number, endBytes: number) => Promise<void>;
  /**
   * Waits until every byte of it is checked: as long as its fill takes.
   * @throws {RegistryError} why the fill failed
   */
  readonly whenCommitted: () => Promise<void>;
}

/**
 * Opens a blob for reading, starting its fill where it is not in the cache.
 * @param commit the blob's commit record, just read
 * @throws {RegistryError} `digest-mismatch` when it is known with another size; the reason why no fill can start
 */
export async function openBlob(
  options: BlobReaderOptions,
  request: OpenRequest,
  commit: CommitRecord | null,
): Promise<OpenBlob> {
  if (commit !== null && commit.sizeBytes !== request.sizeBytes) {
    throw new RegistryError(
      "digest-mismatch",
      `Cannot read blob "${request.digest}": its manifest says ${request.sizeBytes} bytes, it has ${commit.sizeBytes}`,
    );
  }
  const view: BlobView =
    commit === null ? await openObject(options, request) : { ...commit, state: "committed", joined: false };
  // An empty body cannot break off short of its end: that nothing is right is known before it begins.
  if (request.sizeBytes === 0 && view.state === "filling") {
    await callObject(() => options.blobs.getByName(request.digest).waitForPiece(view.fillId, 0));
  }
  return {
    sizeBytes: request.sizeBytes,
    committed: view.state === "committed",
    joined: view.joined,
    send: (writable, startBytes, endBytes) =>
      new Transfer(options, request, view).send(writable, startBytes, endBytes),
    whenCommitted: () => whenCommitted(options, request, view),
  };
}

/** The last piece can be read only when the whole is verified. An empty blob has none, and nothing to wait for. */
async function whenCommitted(
  { blobs }: BlobReaderOptions,
  { digest }: OpenRequest,
  { state, fillId, layout }: BlobView,
): Promise<void> {
  const last = pieceCount(layout) - 1;
  if (state === "committed" || last < 0) return;
  await callObject(() => blobs.getByName(digest).waitForPiece(fillId, last));
}

function openObject(
  options: BlobReaderOptions,
  request: OpenRequest,
  lostFillId?: string,
): Promise<BlobView> {
  return callObject(() => options.blobs.getByName(request.digest).open(request, lostFillId));
}

/** One response's way through the pieces. */
class Transfer {
  readonly #options: BlobReaderOptions;
  readonly #request: OpenRequest;
  #view: BlobView;
  /** Pieces before this index can be read. */
  #readableEnd = 0;
  /** Bodies asked for ahead of their turn, by piece. */
  #ahead = new Map<number, Promise<ReadableStream | null>>();
  #recoveries = 0;

  constructor(options: BlobReaderOptions, request: OpenRequest, view: BlobView) {
    this.#options = options;
    this.#request = request;
    this.#use(view);
    this.#view = view;
  }

  async send(writable: WritableStream, startBytes: number, endBytes: number): Promise<void> {
    try {
      let position = startBytes;
      while (position < endBytes) {
        const piece = pieceAt(this.#view.layout, position);
        if (!(await this.#waitFor(piece, position > startBytes))) continue;
        const body = await this.#take(piece, position, endBytes);
        if (body === null) {
          await this.#recover(position > startBytes);
          continue;
        }
        // Where this breaks off inside the piece, nobody can say how much of it was sent: the runtime joins the two
        // streams without counting, and going on at a guess would send wrong bytes. So the answer ends here, and the
        // client, which does know, goes on with a range (docs/decisions/0002-resume-inside-a-piece.md).
        await body.pipeTo(writable, { preventClose: true, preventAbort: true });
        position = Math.min(piece.endBytes, endBytes);
      }
      await writable.close();
    } catch (error) {
      // The connection breaks off short of the announced length: no client takes that for the whole.
      await writable.abort(error).catch(() => {});
      throw error;
    } finally {
      await this.#dropAhead();
    }
  }

  /** Waits until a piece can be read; false where another layout has taken the place of this one. */
  async #waitFor(piece: Piece, sentSome: boolean): Promise<boolean> {
    if (piece.index < this.#readableEnd) return true;
    const wait = await this.#askFor(piece.index);
    if ("replaced" in wait) {
      // What was sent is not verified, so nothing else may go on from it.
      if (sentSome) {
        throw new RegistryError(
          "upstream-unavailable",
          "Cannot read blob: it was pushed anew while it was read",
        );
      }
      this.#use(await openObject(this.#options, this.#request));
      return false;
    }
    this.#readableEnd = wait.readableEnd;
    if (wait.committed) this.#view = { ...this.#view, state: "committed" };
    return true;
  }

  /** Who has bytes already cannot be told to come back later: an object that is overloaded is given time instead. */
  async #askFor(index: number): Promise<PieceWait> {
    const { blobs } = this.#options;
    const { fillId } = this.#view;
    for (let refusals = 0; ;) {
      try {
        return await callObject(() => blobs.getByName(this.#request.digest).waitForPiece(fillId, index));
      } catch (error) {
        const overloaded = error instanceof RegistryError && error.code === "overloaded";
        if (!overloaded || ++refusals > MAX_REFUSALS) throw error;
        await new Promise((resolve) => setTimeout(resolve, (error.retryAfterSeconds ?? 0) * 1000));
      }
    }
  }

  /** The piece's bytes from `position` on, as far as they are wanted, and the next pieces' asked for. */
  async #take(piece: Piece, position: number, endBytes: number): Promise<ReadableStream | null> {
    const body = this.#ahead.get(piece.index) ?? this.#get(piece, position, endBytes);
    this.#ahead.delete(piece.index);
    const last = Math.min(
      this.#readableEnd,
      pieceCount(this.#view.layout),
      piece.index + 1 + READ_AHEAD_PIECES,
    );
    for (let index = piece.index + 1; index < last; index++) {
      const next = pieceByIndex(this.#view.layout, index);
      if (next.startBytes >= Math.min(endBytes, piece.endBytes + READ_AHEAD_BYTES)) break;
      if (this.#ahead.has(index) || next.startBytes === next.endBytes) continue;
      const early = this.#get(next, next.startBytes, endBytes);
      // Its failure counts when its turn comes.
      early.catch(() => {});
      this.#ahead.set(index, early);
    }
    return body;
  }

  #get(piece: Piece, position: number, endBytes: number): Promise<ReadableStream | null> {
    const length = Math.min(endBytes, piece.endBytes) - position;
    return this.#options.pieces.get(this.#view.fillId, piece.index, position - piece.startBytes, length);
  }

  /** A piece that should be there is not: the blob was dropped, or lost it. Another fill brings it back. */
  async #recover(sentSome: boolean): Promise<void> {
    await this.#dropAhead();
    if (++this.#recoveries > MAX_RECOVERIES) {
      throw new Error(
        `Cannot read blob "${this.#request.digest}": its pieces keep disappearing from the store`,
      );
    }
    const { fillId, state } = this.#view;
    if (sentSome && state !== "committed") {
      // What was sent is not verified, so no other fill may go on from it, nor be started for it: the object is asked
      // again, and tells why this one ended.
      this.#readableEnd = 0;
      return;
    }
    this.#use(await openObject(this.#options, this.#request, fillId));
  }

  #use(view: BlobView): void {
    this.#view = view;
    this.#readableEnd = view.state === "committed" ? pieceCount(view.layout) : 0;
  }

  /** Gives up bodies that were asked for early: each holds a connection until it is read or cancelled. */
  async #dropAhead(): Promise<void> {
    const bodies = [...this.#ahead.values()];
    this.#ahead.clear();
    await Promise.allSettled(bodies.map(async (body) => (await body)?.cancel()));
  }
}
