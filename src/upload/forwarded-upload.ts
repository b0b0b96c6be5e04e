/** An upload session at an upstream, behind an address of our own. */

import type { Digest } from "../oci/digest.ts";
import { DONE_KEPT_MS, UPLOAD_KEPT_MS, unknownUpload } from "./upload-life.ts";

/** What is remembered of one. Never whose credentials it goes by: each request brings its own, or uses the service's. */
export interface ForwardRecord {
  /** `registry/repository`: the session is known under no other. */
  readonly path: string;
  /** Where the upstream wants the next request; it may change with each answer. */
  readonly location: string;
  /** Bytes that the upstream has said to have. */
  readonly sentBytes: number;
  /** Whether more was sent whose answer nobody noted: the upstream may have some of it. */
  readonly sending?: boolean;
  /** The blob that it has become. */
  readonly done?: Digest;
  readonly expiresMs: number;
}

/** Where the record is kept: the Durable Object's own storage. */
export interface ForwardRecordStore {
  load(): ForwardRecord | undefined;
  save(record: ForwardRecord): void;
  clear(): Promise<void>;
  /** Asks for {@link ForwardedUpload.wake} at a time. */
  wakeAt(timeMs: number): Promise<void>;
}

/** One session. */
export class ForwardedUpload {
  readonly #records: ForwardRecordStore;
  #record: ForwardRecord | undefined;

  constructor(records: ForwardRecordStore) {
    this.#records = records;
    this.#record = records.load();
  }

  /** Remembers where the session is and how far. */
  async note(path: string, location: string, sentBytes: number): Promise<void> {
    if (this.#record !== undefined) this.get(path);
    await this.#keep({ path, location, sentBytes, expiresMs: Date.now() + UPLOAD_KEPT_MS });
  }

  /**
   * Where the session is.
   * @throws {RegistryError} `upload-unknown`
   */
  get(path: string): ForwardRecord {
    if (this.#record?.path === path) return this.#record;
    throw unknownUpload(path);
  }

  /**
   * Notes that bytes are about to be sent.
   * @throws {RegistryError} `upload-unknown`
   */
  send(path: string): void {
    this.#record = { ...this.get(path), sending: true };
    this.#records.save(this.#record);
  }

  /** Forgets the session: at once, or what it has become after a while, for a client that did not hear of it. */
  async end(path: string, done?: Digest): Promise<void> {
    if (this.#record?.path !== path) return;
    if (done !== undefined)
      return this.#keep({ ...this.#record, done, expiresMs: Date.now() + DONE_KEPT_MS });
    this.#record = undefined;
    await this.#records.clear();
  }

  /** The alarm: forgets a session that nobody has gone on with. The upstream ends its own by its own rules. */
  async wake(): Promise<void> {
    if (this.#record === undefined) return;
    if (Date.now() < this.#record.expiresMs) return this.#records.wakeAt(this.#record.expiresMs);
    await this.end(this.#record.path);
  }

  async #keep(record: ForwardRecord): Promise<void> {
    this.#record = record;
    this.#records.save(record);
    await this.#records.wakeAt(record.expiresMs);
  }
}
