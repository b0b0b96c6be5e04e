import { DurableObject } from "cloudflare:workers";
import { callObject } from "../call-object.ts";
import { LOCAL_REGISTRY } from "../config.ts";
import type { Env } from "../env.ts";
import { objectsOf } from "../objects.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import { parseRepositoryPath } from "../oci/reference.ts";
import { type Outcome, settle } from "../outcome.ts";
import { CommitStore } from "../store/commit-store.ts";
import { PieceStore } from "../store/piece-store.ts";
import { type Stored, withVersion, withoutVersion } from "../store/record-version.ts";
import { ForwardedUpload, type ForwardRecord } from "./forwarded-upload.ts";
import { UploadLife, type UploadTarget } from "./upload-life.ts";
import type { FinishedUpload, UploadRecord, WriteTurn } from "./upload-record.ts";

const RECORD_KEY = "upload";
const FORWARD_KEY = "forward";

/**
 * The Durable Object of one upload session, named by the session's unguessable id: RPC and storage around an
 * {@link UploadLife}, or around a {@link ForwardedUpload} where the bytes go on to an upstream. Nothing is written for an
 * id that nobody was given.
 */
export class UploadObject extends DurableObject<Env> {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  #life: UploadLife | undefined;
  #forward: ForwardedUpload | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#env = env;
    this.#storage = ctx.storage;
  }

  /** See {@link UploadLife.start}. */
  start(id: string, path: string, algorithm: DigestAlgorithm): Promise<Outcome<void>> {
    return settle(() => this.#open().start(id, path, algorithm));
  }

  /** See {@link UploadLife.offsetBytes}. */
  offsetBytes(path: string): Promise<Outcome<number>> {
    return settle(() => this.#open().offsetBytes(path));
  }

  /** See {@link UploadLife.complete}. */
  complete(path: string): Promise<Outcome<boolean>> {
    return settle(() => this.#open().complete(path));
  }

  /** See {@link UploadLife.begin}. */
  begin(
    path: string,
    startBytes?: number,
    again?: boolean,
  ): Promise<Outcome<WriteTurn | { readonly endsAtBytes: number }>> {
    return settle(() => this.#open().begin(path, startBytes, again));
  }

  /** See {@link UploadLife.stored}. */
  stored(path: string, writer: number, index: number, bytes: number): Promise<Outcome<void>> {
    return settle(() => this.#open().stored(path, writer, index, bytes));
  }

  /** See {@link UploadLife.end}. */
  end(path: string, writer: number): Promise<Outcome<number>> {
    return settle(() => this.#open().end(path, writer));
  }

  /** See {@link UploadLife.finish}. */
  finish(path: string, wanted: Digest | DigestAlgorithm): Promise<Outcome<FinishedUpload>> {
    return settle(() => this.#open().finish(path, wanted));
  }

  /** See {@link UploadLife.hash}. */
  hash(path: string, algorithm: DigestAlgorithm): Promise<Outcome<string>> {
    return settle(() => this.#open().hash(path, algorithm));
  }

  /** See {@link UploadLife.cancel}. */
  cancel(path: string): Promise<Outcome<void>> {
    return settle(() => this.#open().cancel(path));
  }

  /** See {@link UploadLife.alive}. */
  alive(): Promise<Outcome<boolean>> {
    return settle(() => this.#open().alive());
  }

  /** See {@link ForwardedUpload.note}. */
  noteForward(path: string, location: string, sentBytes: number): Promise<Outcome<void>> {
    return settle(() => this.#openForward().note(path, location, sentBytes));
  }

  /** See {@link ForwardedUpload.get}. */
  forward(path: string): Promise<Outcome<ForwardRecord>> {
    return settle(() => this.#openForward().get(path));
  }

  /** See {@link ForwardedUpload.send}. */
  sendForward(path: string): Promise<Outcome<void>> {
    return settle(() => this.#openForward().send(path));
  }

  /** See {@link ForwardedUpload.end}. */
  endForward(path: string, digest?: Digest): Promise<Outcome<void>> {
    return settle(() => this.#openForward().end(path, digest));
  }

  override async alarm(): Promise<void> {
    await this.#openForward().wake();
    await this.#open().wake();
  }

  #open(): UploadLife {
    this.#life ??= new UploadLife({
      pieces: new PieceStore(this.#env.BUCKET),
      commits: new CommitStore(this.#env.BUCKET),
      target: this.#target(),
      records: {
        load: () => this.#load<UploadRecord>(RECORD_KEY),
        save: (record) => this.#storage.kv.put(RECORD_KEY, withVersion(record)),
        clear: () => this.#storage.deleteAll(),
        wakeAt: (timeMs) => this.#storage.setAlarm(timeMs),
      },
    });
    return this.#life;
  }

  #openForward(): ForwardedUpload {
    this.#forward ??= new ForwardedUpload({
      load: () => this.#load<ForwardRecord>(FORWARD_KEY),
      save: (record) => this.#storage.kv.put(FORWARD_KEY, withVersion(record)),
      clear: () => this.#storage.deleteAll(),
      wakeAt: (timeMs) => this.#storage.setAlarm(timeMs),
    });
    return this.#forward;
  }

  #load<Kept extends UploadRecord | ForwardRecord>(key: string): Omit<Kept, "version"> | undefined {
    const stored = this.#storage.kv.get<Stored<Kept>>(key);
    return stored && withoutVersion(stored, `upload in "${stored.path}"`);
  }

  /** A repository of the service's own holds what is uploaded into it; anything else is a verified blob in the cache. */
  #target(): UploadTarget {
    const objects = () => objectsOf(this.#env);
    return {
      begin: (path) =>
        isLocal(path)
          ? callObject(() => objects().repositories.getByName(path).beginPush(path))
          : Promise.resolve(Infinity),
      take: (path, offer) =>
        isLocal(path)
          ? callObject(() => objects().repositories.getByName(path).takeBlob(path, offer))
          : callObject(() => objects().blobs.getByName(offer.digest).adopt(offer)),
    };
  }
}

function isLocal(path: string): boolean {
  return parseRepositoryPath(path).registry === LOCAL_REGISTRY;
}
