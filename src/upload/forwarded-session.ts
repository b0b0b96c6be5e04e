/** An upload that goes on to an upstream as it comes: its session behind an id of our own. */

import { callObject } from "../call-object.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryPath } from "../oci/reference.ts";
import type { Services } from "../services.ts";
import { newUploadId } from "../store/keys.ts";
import { sendBody } from "../upstream/outgoing-body.ts";
import { type MountSource, RegistryWriter, type UploadStep } from "../upstream/registry-writer.ts";
import { type Appended, type Appendix, type Rest, fits, passOver } from "./appendix.ts";
import type { BlobUpload, UploadPlace } from "./blob-upload.ts";
import type { ForwardRecord } from "./forwarded-upload.ts";
import { unknownUpload } from "./upload-life.ts";
import type { UploadObject } from "./upload-object.ts";

/** Registries may copy a blob to where it belongs before they say that they have it. */
const ANSWER_MS = 15 * 60_000;

/** What a registry says of a session that it has ended. */
const LOST: ReadonlySet<ErrorCode> = new Set(["upload-unknown", "upload-invalid"]);

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
    return (await this.#lookAfter(await this.#record())).sentBytes;
  }

  async append(appendix: Appendix): Promise<Appended> {
    return this.#add(appendix, async (record, rest) => {
      if (rest.endsAtBytes !== undefined) return rest.endsAtBytes;
      const sentBefore = appendix.body.readBytes;
      const { location, endsAtBytes } = await this.#send({ ...appendix, ...rest }, (body) =>
        this.#writer.sendToUpload({ ...this.#step(record), ...body }),
      );
      const sentBytes = rest.announcedBytes ?? appendix.body.readBytes - sentBefore;
      const end = endOf(endsAtBytes, record.sentBytes + sentBytes);
      await this.#note(location, end);
      return end;
    });
  }

  async finish(digest: Digest, last: Appendix): Promise<Appended> {
    const { done, sentBytes } = await callObject(() => this.#stub().forward(this.#path()));
    if (done === digest) {
      await this.#expect(digest);
      return { endsAtBytes: sentBytes, taken: true };
    }
    return this.#add(last, async (record, rest) => {
      const step = this.#step(record);
      const { body } = last;
      const sentBefore = body.readBytes;
      if (rest.endsAtBytes !== undefined) await this.#writer.finishUpload(step, digest);
      else {
        await this.#send({ ...last, ...rest }, (sent) =>
          this.#writer.finishUpload({ ...step, ...sent }, digest),
        );
      }
      await callObject(() => this.#stub().endForward(this.#path(), digest));
      await this.#expect(digest);
      return rest.endsAtBytes ?? record.sentBytes + body.readBytes - sentBefore;
    });
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

  /** Adds what is not there yet of an appendix; `add` returns where it ends. */
  async #add(
    appendix: Appendix,
    add: (record: ForwardRecord, rest: Rest) => Promise<number>,
  ): Promise<Appended> {
    const record = await this.#recordFor(appendix);
    if (!fits(appendix, record.sentBytes)) return { endsAtBytes: record.sentBytes, taken: false };
    try {
      return { endsAtBytes: await add(record, await passOver(appendix, record.sentBytes)), taken: true };
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "upload-out-of-order") throw error;
      return { endsAtBytes: await this.offsetBytes(), taken: false };
    }
  }

  /**
   * The session, and for sure how far it is where that matters: registries are known to take bytes from anywhere in
   * the blob for its end, so what the client says is held against it here.
   */
  async #recordFor({ startBytes, again, announcedBytes }: Appendix): Promise<ForwardRecord> {
    const record = await this.#record();
    if (startBytes === undefined || announcedBytes === 0) return record;
    const sure =
      again === true
        ? record.sending !== true && startBytes <= record.sentBytes
        : startBytes === record.sentBytes;
    if (sure) return record;
    try {
      return await this.#lookAfter(record);
    } catch (error) {
      // Some registries end a session whose connection breaks off. Who begins again may begin another.
      if (startBytes > 0 || !(error instanceof RegistryError) || !LOST.has(error.code)) throw error;
      return this.#replace(record);
    }
  }

  /** Goes on with a new session at the upstream, which has nothing yet. */
  async #replace(record: ForwardRecord): Promise<ForwardRecord> {
    const upload = await this.#writer.startUpload(this.#place.location.repository);
    // Only what is mounted needs none.
    if (upload === undefined) throw unknownUpload(this.#path());
    await this.#note(upload.location, 0);
    return { ...record, location: upload.location.href, sentBytes: 0 };
  }

  /** Asks the upstream how far the session is. */
  async #lookAfter(record: ForwardRecord): Promise<ForwardRecord> {
    const { location, endsAtBytes } = await this.#writer.uploadStatus(this.#step(record));
    const sentBytes = endOf(endsAtBytes, record.sentBytes);
    await this.#note(location, sentBytes);
    return { ...record, location: location.href, sentBytes };
  }

  /** Sends a body as a part of the session. */
  async #send<T>(
    appendix: Appendix,
    send: (body: Pick<UploadStep, "body" | "contentRange" | "signal" | "silenceMs">) => Promise<T>,
  ): Promise<T> {
    const { upstreamIdleMs: idleMs } = this.#services.config;
    const { body: source, announcedBytes: bytes } = appendix;
    await callObject(() => this.#stub().sendForward(this.#path()));
    return sendBody({ source, bytes, idleMs, answerMs: ANSWER_MS }, (body, signal) =>
      send({ ...rangeOf(appendix), body, signal, silenceMs: Infinity }),
    );
  }

  #step(record: ForwardRecord): UploadStep {
    return { repository: this.#place.location.repository, location: new URL(record.location) };
  }

  /** The session, while it is one. */
  async #record(): Promise<ForwardRecord> {
    const record = await callObject(() => this.#stub().forward(this.#path()));
    if (record.done !== undefined) throw unknownUpload(this.#path());
    return record;
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
function rangeOf({ startBytes, again, announcedBytes }: Appendix): Pick<UploadStep, "contentRange"> {
  if (startBytes === undefined || again === true || announcedBytes === undefined || announcedBytes === 0)
    return {};
  return { contentRange: `${startBytes}-${startBytes + announcedBytes - 1}` };
}

/** Where the upload ends, as far as the registry told: its `0-0` stands for no byte and for one. */
function endOf(toldBytes: number | undefined, sentBytes: number): number {
  if (toldBytes === undefined || (toldBytes === 0 && sentBytes === 1)) return sentBytes;
  return toldBytes;
}
