/** An upload that goes on to an upstream as it comes: its session behind an id of our own. */

import { callObject } from "../call-object.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import { newUploadId } from "../store/keys.ts";
import { sendBody } from "../upstream/outgoing-body.ts";
import { type MountSource, RegistryWriter, type UploadStep } from "../upstream/registry-writer.ts";
import type { BlobUpload, UploadPlace } from "./blob-upload.ts";
import type { ForwardRecord } from "./forwarded-upload.ts";
import type { Appended, Appendix } from "./sessions.ts";
import type { UploadObject } from "./upload-object.ts";

/** Registries may copy a blob to where it belongs before they say that they have it. */
const ANSWER_MS = 15 * 60_000;

/** One session. What is sent is never stored here: it is the upstream's to check and to keep. */
export class ForwardedSession implements BlobUpload {
  readonly #services: Services;
  readonly #place: UploadPlace;
  readonly #writer: RegistryWriter;
  readonly id: string;

  /** @throws {RegistryError} `registry-not-allowed` */
  constructor(services: Services, place: UploadPlace, id: string) {
    const { registry } = place.location;
    const upstream = services.config.upstreams.get(registry);
    if (upstream === undefined) {
      throw new RegistryError(
        "registry-not-allowed",
        `Cannot push to "${registry}": it is no configured upstream registry`,
      );
    }
    this.#services = services;
    this.#place = place;
    this.#writer = new RegistryWriter(upstream, {
      idleMs: services.config.upstreamIdleMs,
      credentials: place.lent,
    });
    this.id = id;
  }

  /** See `startBlobUpload`. */
  static async start(
    services: Services,
    place: UploadPlace,
    mount: MountSource | undefined,
  ): Promise<ForwardedSession | undefined> {
    const session = new ForwardedSession(services, place, newUploadId());
    const upload = await session.#writer.startUpload(place.location.repository, mount);
    if (upload === undefined) {
      if (mount !== undefined) await session.#expect(mount.digest);
      return undefined;
    }
    await session.#note(upload.location, 0);
    return session;
  }

  async offsetBytes(): Promise<number> {
    const record = await this.#record();
    const status = await this.#writer.uploadStatus(this.#step(record));
    const endsAtBytes = endOf(status.endsAtBytes, record.sentBytes);
    await this.#note(status.location, endsAtBytes);
    return endsAtBytes;
  }

  async append(appendix: Appendix): Promise<Appended> {
    const elsewhere = await this.#endsElsewhere(appendix);
    if (elsewhere !== undefined) return elsewhere;
    const record = await this.#record();
    const { body, announcedBytes } = appendix;
    const sentBefore = body.readBytes;
    try {
      const { location, endsAtBytes } = await this.#send(appendix, (stream, signal) =>
        this.#writer.sendToUpload({
          ...this.#step(record),
          ...rangeOf(appendix),
          body: stream,
          signal,
          silenceMs: Infinity,
        }),
      );
      const sentBytes = record.sentBytes + (announcedBytes ?? body.readBytes - sentBefore);
      const end = endOf(endsAtBytes, sentBytes);
      await this.#note(location, end);
      return { endsAtBytes: end, taken: true };
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "upload-out-of-order") throw error;
      return { endsAtBytes: await this.offsetBytes(), taken: false };
    }
  }

  async finish(digest: Digest, last: Appendix): Promise<Appended> {
    const elsewhere = await this.#endsElsewhere(last);
    if (elsewhere !== undefined) return elsewhere;
    const record = await this.#record();
    const step = this.#step(record);
    const { body } = last;
    if (last.announcedBytes === 0) await this.#writer.finishUpload(step, digest);
    else {
      try {
        await this.#send(last, (stream, signal) =>
          this.#writer.finishUpload(
            { ...step, ...rangeOf(last), body: stream, signal, silenceMs: Infinity },
            digest,
          ),
        );
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== "upload-out-of-order") throw error;
        return { endsAtBytes: await this.offsetBytes(), taken: false };
      }
    }
    const endsAtBytes = record.sentBytes + body.readBytes;
    await callObject(() => this.#stub().endForward(this.#path()));
    await this.#expect(digest);
    return { endsAtBytes, taken: true };
  }

  async cancel(): Promise<void> {
    const record = await this.#record();
    await this.#writer.cancelUpload(this.#step(record));
    await callObject(() => this.#stub().endForward(this.#path()));
  }

  /** The repository has the blob now, whatever was said of it before. */
  async #expect(digest: Digest): Promise<void> {
    const path = this.#path();
    await callObject(() => this.#services.repositories.getByName(path).expect(path, { digest }));
  }

  /** Registries are known to take bytes from anywhere in the blob for its end: what the client says is held against it here. */
  async #endsElsewhere({ startBytes }: Appendix): Promise<Appended | undefined> {
    if (startBytes === undefined || startBytes === (await this.#record()).sentBytes) return undefined;
    const endsAtBytes = await this.offsetBytes();
    return endsAtBytes === startBytes ? undefined : { endsAtBytes, taken: false };
  }

  #send<T>(
    { body, announcedBytes }: Appendix,
    send: (stream: ReadableStream, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { upstreamIdleMs } = this.#services.config;
    return sendBody(
      { source: body, bytes: announcedBytes, idleMs: upstreamIdleMs, answerMs: ANSWER_MS },
      send,
    );
  }

  #step(record: ForwardRecord): UploadStep {
    return { repository: this.#place.location.repository, location: new URL(record.location) };
  }

  #record(): Promise<ForwardRecord> {
    return callObject(() => this.#stub().forward(this.#path()));
  }

  async #note(location: URL, sentBytes: number): Promise<void> {
    await callObject(() => this.#stub().noteForward(this.#path(), location.href, sentBytes));
  }

  #path(): string {
    return repositoryPath(this.#place.location);
  }

  #stub(): DurableObjectStub<UploadObject> {
    return this.#services.uploads.getByName(this.id);
  }
}

/** As the distribution specification has it; only where the client said where its bytes belong. */
function rangeOf({ startBytes, announcedBytes }: Appendix): Pick<UploadStep, "contentRange"> {
  if (startBytes === undefined || announcedBytes === undefined || announcedBytes === 0) return {};
  return { contentRange: `${startBytes}-${startBytes + announcedBytes - 1}` };
}

/** Where the upload ends, as far as the registry told: its `0-0` stands for no byte and for one. */
function endOf(toldBytes: number | undefined, sentBytes: number): number {
  if (toldBytes === undefined || (toldBytes === 0 && sentBytes === 1)) return sentBytes;
  return toldBytes;
}
