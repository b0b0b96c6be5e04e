import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";

/** The head of a response, and how much of its body has come. */
export class ResponseCounter {
  bodyBytes = 0;
  readonly #method: string;
  readonly #hash: Hash | undefined;
  #head: string | undefined;
  #text = "";

  /**
   * @param method - of the request
   * @param hash - whether the body is hashed too
   */
  constructor(method: string, hash = false) {
    this.#method = method;
    this.#hash = hash ? createHash("sha256") : undefined;
  }

  /** Takes the next bytes of the response. */
  take(bytes: Uint8Array): void {
    if (this.#head !== undefined) {
      this.bodyBytes += bytes.length;
      this.#hash?.update(bytes);
      return;
    }
    this.#text += Buffer.from(bytes).toString("latin1");
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#head = this.#text.slice(0, end);
    this.bodyBytes = this.#text.length - end - 4;
    this.#hash?.update(bytes.subarray(bytes.length - this.bodyBytes));
  }

  /** `sha256:<hex>` of the body so far; to be asked for once. */
  get digest(): string {
    return `sha256:${this.#hash?.digest("hex") ?? ""}`;
  }

  /** NaN before the head has come. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.#head ?? "")?.[1] ?? Number.NaN);
  }

  /** `Content-Length`, where there is one. */
  get announcedBytes(): number | undefined {
    const length = /^content-length: *(\d+)/im.exec(this.#head ?? "")?.[1];
    return length === undefined ? undefined : Number(length);
  }

  /** Whether all has come that was announced. */
  get isComplete(): boolean {
    return this.#method === "HEAD" ? this.#head !== undefined : this.bodyBytes === this.announcedBytes;
  }
}
