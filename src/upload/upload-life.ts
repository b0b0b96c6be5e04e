/**
 * The life of one upload: opened, written to by one writer at a time, and at last either a blob or nothing.
 *
 * The bytes go from the Worker that receives them to R2, past this object; it keeps the order. What is written down is
 * how far the stored pieces reach, so a session survives whatever happens to the writer and to this object.
 */

import type { BlobOffer } from "../blob/blob-state.ts";
import { RegistryError } from "../errors.ts";
import { log } from "../log.ts";
import { type Digest, type DigestAlgorithm, digestAlgorithm, parseDigest } from "../oci/digest.ts";
import type { CommitStore } from "../store/commit-store.ts";
import { appendPiece, layoutBytes, pieceCount } from "../store/layout.ts";
import type { PieceStore } from "../store/piece-store.ts";
import { fits } from "./appendix.ts";
import { PIECES_UNDER_WAY } from "./piece-writer.ts";
import { RunningHash } from "./running-hash.ts";
import type { FinishedUpload, UploadRecord, WriteTurn } from "./upload-record.ts";

/** A session that nobody writes to for so long is given up. */
export const UPLOAD_KEPT_MS = 24 * 3_600_000;
/** How long it is remembered that an upload became a blob, for a client that did not hear of it. */
export const DONE_KEPT_MS = 3_600_000;
/** The repository is told this often that something is being pushed into it. */
const TELL_MS = 3_600_000;
/** 1.6 TB in pieces of the default size; keeps a client that sends byte by byte from filling the record. */
const MAX_PIECES = 100_000;
const MAX_RUNS = 4_000;

/** Where the record is kept: the Durable Object's own storage. */
export interface UploadRecordStore {
  load(): UploadRecord | undefined;
  save(record: UploadRecord): void;
  clear(): Promise<void>;
  /** Asks for {@link UploadLife.wake} at a time. */
  wakeAt(timeMs: number): Promise<void>;
}

/** Where a finished upload goes. */
export interface UploadTarget {
  /**
   * Says that something is being pushed into a repository.
   * @returns how many bytes more it has room for
   */
  begin(path: string): Promise<number>;
  /**
   * Hands over a blob whose digest was checked.
   * @returns whose pieces the blob has
   */
  take(path: string, offer: BlobOffer): Promise<{ readonly fillId: string }>;
}

/** What an upload's life needs. */
export interface UploadLifeOptions {
  readonly records: UploadRecordStore;
  readonly pieces: PieceStore;
  readonly commits: CommitStore;
  readonly target: UploadTarget;
}

/** One upload. */
export class UploadLife {
  readonly #options: UploadLifeOptions;
  #record: UploadRecord | undefined;
  readonly #hash: RunningHash;
  #finishing: Promise<void> | undefined;

  constructor(options: UploadLifeOptions) {
    this.#options = options;
    this.#record = options.records.load();
    this.#hash = new RunningHash(options.pieces);
  }

  /** Opens the session; once more changes nothing. */
  async start(id: string, path: string, algorithm: DigestAlgorithm): Promise<void> {
    if (this.#record !== undefined) return;
    const now = Date.now();
    const roomBytes = await this.#options.target.begin(path);
    this.#record ??= {
      id,
      path,
      state: "open",
      layout: [],
      writer: 0,
      writing: false,
      algorithm,
      roomBytes,
      expiresMs: now + UPLOAD_KEPT_MS,
      toldMs: now,
    };
    this.#options.records.save(this.#record);
    await this.#options.records.wakeAt(this.#record.expiresMs);
  }

  /**
   * How many bytes are stored.
   * @throws {RegistryError} `upload-unknown`
   */
  offsetBytes(path: string): number {
    return layoutBytes(this.#open(path).layout);
  }

  /**
   * Whether all bytes have come: somebody has asked to finish it.
   * @throws {RegistryError} `upload-unknown`
   */
  complete(path: string): boolean {
    return this.#known(path).state !== "open";
  }

  /**
   * Makes the caller the one who may write. Whoever wrote before is refused from now on.
   * @param startBytes where the caller's bytes belong; at the end, when left out
   * @param again whether that may be before the end: the caller passes over what is there
   * @returns the turn, or where the upload ends when that is elsewhere
   * @throws {RegistryError} `upload-unknown`, `upload-invalid`
   */
  begin(path: string, startBytes?: number, again = false): WriteTurn | { readonly endsAtBytes: number } {
    const record = this.#writable(path);
    const offsetBytes = layoutBytes(record.layout);
    if (!fits({ startBytes, again }, offsetBytes)) return { endsAtBytes: offsetBytes };
    let { layout } = record;
    // The writer before may yet store what it has under way: nobody else uses those names.
    if (record.writing) for (let n = 0; n < PIECES_UNDER_WAY; n++) layout = appendPiece(layout, 0);
    if (pieceCount(layout) >= MAX_PIECES || layout.length >= MAX_RUNS) {
      throw new RegistryError(
        "upload-invalid",
        `Cannot take more of this upload: it came in more than ${MAX_PIECES} pieces; start again with larger ones`,
      );
    }
    const writer = record.writer + 1;
    this.#save({ ...record, layout, writer, writing: true, expiresMs: Date.now() + UPLOAD_KEPT_MS });
    return {
      writer,
      offsetBytes,
      nextIndex: pieceCount(layout),
      roomBytes: record.roomBytes - offsetBytes,
    };
  }

  /**
   * Notes a piece that is in the store; once more changes nothing.
   * @throws {RegistryError} `upload-invalid` for a writer that another has replaced: the piece is the caller's to delete
   */
  async stored(path: string, writer: number, index: number, bytes: number): Promise<void> {
    const record = this.#writable(path);
    const count = pieceCount(record.layout);
    if (writer === record.writer && index < count) return;
    if (writer !== record.writer || index !== count) {
      throw new RegistryError(
        "upload-invalid",
        "Cannot go on with this upload: another request has taken it over; ask how far it is",
      );
    }
    const now = Date.now();
    const tell = now - record.toldMs >= TELL_MS;
    this.#save({
      ...record,
      layout: appendPiece(record.layout, bytes),
      expiresMs: now + UPLOAD_KEPT_MS,
      toldMs: tell ? now : record.toldMs,
    });
    this.#hash.follow(record.id, this.#open(path).layout, record.algorithm).catch(() => {
      // Whoever finishes the upload hashes it anew, and hears of what fails then.
    });
    if (tell) await this.#options.target.begin(path);
  }

  /** Notes that a writer has nothing under way any more. @returns how many bytes are stored */
  end(path: string, writer: number): number {
    const record = this.#open(path);
    if (writer === record.writer && record.writing) this.#save({ ...record, writing: false });
    return layoutBytes(record.layout);
  }

  /**
   * Checks the digest of what is stored and hands the blob over. May be repeated until it succeeds, and for an hour
   * after that.
   * @param wanted the digest that the bytes must have, or else the algorithm to tell it by
   * @throws {RegistryError} `invalid-digest` where the bytes have another one, and nothing is kept; `upload-unknown`;
   *   why the repository does not take it
   */
  async finish(path: string, wanted: Digest | DigestAlgorithm): Promise<FinishedUpload> {
    const record = this.#known(path);
    if (record.state !== "done") {
      this.#finishing ??= this.#finish(record, wanted).finally(() => (this.#finishing = undefined));
      await this.#finishing;
    }
    return finished(this.#known(path), wanted);
  }

  /**
   * Hashes what is stored with another algorithm, in lower-case hex.
   * @throws {RegistryError} `upload-unknown`
   */
  hash(path: string, algorithm: DigestAlgorithm): Promise<string> {
    const { id, layout } = this.#open(path);
    return this.#hash.finish(id, layout, algorithm);
  }

  /**
   * Gives the upload up. Not one that is being finished: its pieces may be a blob's at any moment.
   * @throws {RegistryError} `upload-unknown`, `upload-invalid`
   */
  async cancel(path: string): Promise<void> {
    this.#writable(path);
    await this.#discard();
  }

  /**
   * Whether what is stored may yet become a blob, or has just become one. A session whose time is over is ended first,
   * should its alarm have been lost.
   */
  async alive(): Promise<boolean> {
    if (this.#record !== undefined && Date.now() >= this.#record.expiresMs) await this.wake();
    return this.#record !== undefined;
  }

  /** The alarm: ends what nobody has finished. */
  async wake(): Promise<void> {
    const record = this.#record;
    if (record === undefined) return;
    if (this.#finishing !== undefined || Date.now() < record.expiresMs) {
      return this.#options.records.wakeAt(Math.max(record.expiresMs, Date.now() + DONE_KEPT_MS));
    }
    if (record.state === "done") return this.#forget();
    log({ event: "upload-expired", repository: record.path, bytes: layoutBytes(record.layout) });
    await this.#discard();
  }

  async #finish(record: UploadRecord, wanted: Digest | DigestAlgorithm): Promise<void> {
    const digest = wanted === "sha256" || wanted === "sha512" ? undefined : wanted;
    const algorithm = digest === undefined ? (wanted as DigestAlgorithm) : digestAlgorithm(digest);
    // From here on no writer changes what is hashed.
    this.#save({ ...record, state: "committing", ...(digest === undefined ? {} : { digest }) });
    const { id: fillId, layout } = record;
    const found = parseDigest(`${algorithm}:${await this.#hash.finish(fillId, layout, algorithm)}`);
    const sizeBytes = layoutBytes(layout);
    if (digest !== undefined && digest !== found) {
      await this.#discard();
      throw new RegistryError(
        "invalid-digest",
        `Cannot store blob "${digest}": the ${sizeBytes} bytes that came have the digest ${found}; nothing was kept`,
      );
    }
    // Written down first: from here on the pieces may be a blob's.
    this.#save({ ...record, state: "committing", digest: found });
    await this.#options.pieces.noteOwner(fillId, found);
    const offer = { digest: found, sizeBytes, fillId, layout };
    try {
      const taken = await this.#options.target.take(record.path, offer);
      if (taken.fillId !== fillId) await this.#options.pieces.deleteAll(fillId);
    } catch (error) {
      if (error instanceof RegistryError && error.status < 500) await this.#discard();
      throw error;
    }
    const expiresMs = Date.now() + DONE_KEPT_MS;
    this.#save({ ...record, state: "done", digest: found, writing: false, expiresMs });
    await this.#options.records.wakeAt(expiresMs);
  }

  /** Deletes the bytes, unless a blob has them. */
  async #discard(): Promise<void> {
    const record = this.#record;
    if (record === undefined) return;
    // Whoever took the blob may not have been heard: then its commit record tells.
    const taken =
      record.state !== "open" && record.digest !== undefined
        ? (await this.#options.commits.get(record.digest))?.fillId === record.id
        : false;
    if (!taken) await this.#options.pieces.deleteAll(record.id);
    await this.#forget();
  }

  async #forget(): Promise<void> {
    this.#record = undefined;
    await this.#options.records.clear();
  }

  #known(path: string): UploadRecord {
    if (this.#record?.path === path) return this.#record;
    throw unknownUpload(path);
  }

  /** The record of an upload that has not become a blob. */
  #open(path: string): UploadRecord {
    const record = this.#known(path);
    if (record.state === "done") throw unknownUpload(path);
    return record;
  }

  #writable(path: string): UploadRecord {
    const record = this.#open(path);
    if (record.state === "open") return record;
    throw new RegistryError(
      "upload-invalid",
      "Cannot add to this upload: it is being finished; start another for other bytes",
    );
  }

  #save(record: UploadRecord): void {
    this.#record = record;
    this.#options.records.save(record);
  }
}

/** What a finished upload has become, where that is what is asked for. */
function finished({ digest, layout }: UploadRecord, wanted: Digest | DigestAlgorithm): FinishedUpload {
  if (digest === undefined || (wanted !== digest && wanted !== digestAlgorithm(digest))) {
    throw new RegistryError(
      "invalid-digest",
      `Cannot store blob "${wanted}": this upload has become "${digest ?? "nothing"}"; start another for other bytes`,
    );
  }
  return { digest, sizeBytes: layoutBytes(layout) };
}

/** There is no session of that name in a repository, or none any more. */
export function unknownUpload(path: string): RegistryError {
  return new RegistryError(
    "upload-unknown",
    `Cannot find upload in "${path}": there is none of this name, or its time is over; start another`,
  );
}
