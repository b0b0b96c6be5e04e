/** Clients of a service that is killed under them, who take up again what was broken off. */

import { createHash } from "node:crypto";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Bytes } from "../support/sha256.ts";

/** The token that may do everything. */
export const KILL_TOKEN = "kill-suite-token";
/** Whoever has waited for so long, in milliseconds, has been forgotten. */
const FORGOTTEN_MS = 60_000;
/** Bytes are sent in steps with pauses between them, so that a kill falls into the middle. */
const STEP_BYTES = 128 * 1024;
const STEP_MS = 20;

const auth = { Authorization: `Bearer ${KILL_TOKEN}` };

/** What came of a download. */
export interface Received {
  readonly status: number;
  readonly bytes: Buffer;
  readonly complete: boolean;
  readonly headers: Record<string, string | undefined>;
}

/** An upload session, and what the service has said of it. */
export interface Upload {
  /** `registry/repository`. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly digest: string;
  location: string | undefined;
  confirmedBytes: number;
  /** Whether its end was asked for, and whether that was confirmed. */
  ending: boolean;
  ended: boolean;
}

/** A service that is killed now and then, seen from outside. */
export class KillClients {
  readonly #url: string;
  /** What was found that must never be. */
  readonly violations: string[] = [];
  complete = 0;
  broken = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Downloads to the end, or to where it breaks off. */
  async download(path: string, headers: Record<string, string> = {}): Promise<Received> {
    const got = await this.#bounded(path, receive(this.#url + path, { ...auth, ...headers }));
    if (got.complete) this.complete++;
    else this.broken++;
    return got;
  }

  /** Downloads, and where the service is killed meanwhile, goes on when it is `back`: what came in all must be right. */
  async downloadOver(path: string, digest: string, back: Promise<void>): Promise<void> {
    const first = await this.download(path);
    if (first.status !== 200) return;
    this.#check(path, digest, first);
    if (first.complete || first.bytes.length === 0) return;
    await back;
    const from = { Range: `bytes=${first.bytes.length}-`, "If-Range": `"${digest}"` };
    const rest = await this.download(path, from);
    const whole = rest.status === 200 ? rest : { ...rest, bytes: Buffer.concat([first.bytes, rest.bytes]) };
    this.#check(`${path}, resumed at ${first.bytes.length}`, digest, whole);
  }

  /** Anything small; `undefined` where it had no answer. */
  async ask(path: string, init: RequestInit = {}): Promise<Response | undefined> {
    try {
      const headers = { ...auth, ...(init.headers as Record<string, string> | undefined) };
      const signal = AbortSignal.timeout(FORGOTTEN_MS);
      const response = await fetch(new URL(path, this.#url), { ...init, headers, signal });
      return new Response(response.status === 204 ? null : await response.arrayBuffer(), response);
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError")
        this.violations.push(`${path}: no answer in ${FORGOTTEN_MS} ms`);
      return undefined;
    }
  }

  /** A body that is sent slowly. @returns the status, where there was one */
  async send(path: string, method: string, bytes: Buffer, headers: Record<string, string> = {}) {
    const length = { "Content-Length": String(bytes.length) };
    const sent = sendSlowly(new URL(path, this.#url).href, method, bytes, { ...auth, ...length, ...headers });
    return this.#bounded(`${method} ${path}`, sent).catch(() => undefined);
  }

  /** Uploads by parts until the end, or until the service is gone. */
  async upload(upload: Upload, parts: number): Promise<void> {
    if (upload.location === undefined) {
      const begun = await this.ask(`/v2/${upload.name}/blobs/uploads/`, { method: "POST" });
      if (begun?.status !== 202) return;
      upload.location = begun.headers.get("Location") ?? "";
    }
    const { bytes, digest } = upload;
    const step = Math.ceil((bytes.length - upload.confirmedBytes) / parts);
    while (upload.confirmedBytes < bytes.length) {
      const at = upload.confirmedBytes;
      const part = bytes.subarray(at, at + step);
      const range = { "Content-Range": `${at}-${at + part.length - 1}` };
      const answer = await this.send(upload.location, "PATCH", part, range);
      if (answer?.status !== 202) return;
      upload.location = answer.headers["location"] ?? upload.location;
      upload.confirmedBytes = at + part.length;
    }
    upload.ending = true;
    const end = new URL(upload.location, this.#url);
    end.searchParams.set("digest", digest);
    const ended = await this.ask(end.href, { method: "PUT" });
    upload.ended = ended?.status === 201;
  }

  /** Ends what was begun before the service was killed: what was confirmed must not be lost. */
  async resume(upload: Upload): Promise<void> {
    if (upload.location === undefined) return;
    if (!upload.ended) {
      const state = await this.ask(upload.location);
      const [, last] = /^0-(\d+)$/.exec(state?.headers.get("Range") ?? "") ?? [];
      if (state?.status === 204) {
        const stored = last === undefined || last === "0" ? 0 : Number(last) + 1;
        if (stored < upload.confirmedBytes && upload.confirmedBytes > 1) {
          this.#found(upload, `${upload.confirmedBytes} bytes were confirmed, ${stored} are there`);
        }
        upload.confirmedBytes = stored;
        await this.upload(upload, 1);
      } else if (!upload.ending) {
        this.#found(upload, `the session is gone: ${state?.status ?? "no answer"}`);
      }
    }
    const blob = await this.download(`/v2/${upload.name}/blobs/${upload.digest}`);
    if (blob.status !== 200) this.#found(upload, `the blob cannot be had: ${blob.status}`);
    else this.#check(upload.location, upload.digest, blob);
  }

  /** Downloads what must be there, whole. */
  async mustHave(path: string, digest: string): Promise<void> {
    const got = await this.download(path);
    if (got.status !== 200 || !got.complete) {
      const why = got.status === 200 ? `broke off at ${got.bytes.length} bytes` : String(got.bytes);
      this.violations.push(`${path}: cannot be had although all is well: ${got.status} ${why}`);
    }
    this.#check(path, digest, got);
  }

  #check(path: string, digest: string, { status, bytes, complete }: Received): void {
    if (status >= 300 || !complete) return;
    const found = sha256Bytes(bytes);
    if (found === digest) return;
    this.violations.push(`${path}: a complete body of ${bytes.length} bytes has ${found}, not ${digest}`);
  }

  #found({ name, digest }: Upload, what: string): void {
    this.violations.push(`upload of ${digest} to ${name}: ${what}`);
  }

  async #bounded<T>(what: string, work: Promise<T>): Promise<T> {
    const forgotten = new AbortController();
    const timeout = sleep(FORGOTTEN_MS, undefined, { signal: forgotten.signal }).then(() => {
      this.violations.push(`${what}: still waits after ${FORGOTTEN_MS} ms`);
      throw new Error("Forgotten");
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      timeout.catch(() => {});
      forgotten.abort();
    }
  }
}

/** A blob that is to be uploaded. */
export function newUpload(name: string, seed: number, sizeBytes: number): Upload {
  const block = createHash("sha512").update(`upload ${seed}`).digest();
  const bytes = Buffer.alloc(sizeBytes, block);
  const digest = sha256Bytes(bytes);
  return { name, bytes, digest, location: undefined, confirmedBytes: 0, ending: false, ended: false };
}

function receive(url: string, headers: Record<string, string>): Promise<Received> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const nothing = (): void =>
      resolve({ status: 0, bytes: Buffer.concat(parts), complete: false, headers: {} });
    const outgoing = request(url, { agent: false, headers }, (response) => {
      const end = (): void => {
        const bytes = Buffer.concat(parts);
        const { statusCode: status = 0, complete } = response;
        const announced = response.headers["content-length"];
        const whole = complete && (announced === undefined || Number(announced) === bytes.length);
        resolve({
          status,
          bytes,
          complete: whole,
          headers: response.headers as Record<string, string | undefined>,
        });
      };
      response.on("data", (part: Buffer) => parts.push(part));
      response.once("close", end).once("error", () => {});
    });
    outgoing.once("error", nothing).end();
  });
}

function sendSlowly(
  url: string,
  method: string,
  bytes: Buffer,
  headers: Record<string, string>,
): Promise<Pick<Received, "status" | "headers">> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, method, headers }, (response) => {
      response.resume();
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string | undefined>,
      });
    });
    outgoing.once("error", reject);
    const send = async (): Promise<void> => {
      for (let at = 0; at < bytes.length && !outgoing.destroyed; at += STEP_BYTES) {
        outgoing.write(bytes.subarray(at, at + STEP_BYTES));
        await sleep(STEP_MS);
      }
      outgoing.end();
    };
    send().catch(reject);
  });
}
