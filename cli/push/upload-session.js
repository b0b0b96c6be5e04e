/** One upload session: OCI distribution specification 1.1, section "Pushing a blob in chunks". */

import { CliError } from "../failure.js";
import { discard } from "../http/client.js";
import { pathOf } from "../reference.js";

/** @import { IncomingMessage } from "node:http" */
/** @import { Readable } from "node:stream" */
/** @import { Client } from "../http/client.js" */

/** Where an upload stands, and the requests that bring it on. */
export class UploadSession {
  #client;
  #action;
  /** @type {URL} */
  #location;
  /** How many bytes the server has. */
  offsetBytes = 0;
  /** No part but the last may be smaller. */
  minPartBytes = 1;

  /**
   * @param {Client} client
   * @param {string} location
   * @param {string} action for messages
   */
  constructor(client, location, action) {
    this.#client = client;
    this.#action = action;
    this.#location = new URL(location, client.origin);
  }

  /**
   * Begins an upload; asks once.
   * @param {Client} client
   * @param {string} name registry and repository
   * @param {string} action
   * @returns {Promise<UploadSession>}
   * @throws {CliError}
   */
  static async begin(client, name, action) {
    const response = await client.once("POST", `/v2/${pathOf(name)}/blobs/uploads/`, {
      action,
      expect: [202],
      headers: { "content-length": 0 },
    });
    await discard(response);
    const { location } = response.headers;
    if (location === undefined) {
      throw new CliError(
        "failure",
        `Cannot ${action}: the server began an upload without telling its address`,
      );
    }
    const session = new UploadSession(client, location, action);
    const minimum = Number(response.headers["oci-chunk-min-length"]);
    if (Number.isSafeInteger(minimum) && minimum > 0) session.minPartBytes = minimum;
    return session;
  }

  /** @returns {string} where it goes on; changes with each request */
  get location() {
    return this.#location.href;
  }

  /**
   * Asks, once, how far it is.
   * @throws {CliError} not-found, where the server knows it no more
   */
  async refresh() {
    const response = await this.#client.once("GET", this.#location, { action: this.#action, expect: [204] });
    await discard(response);
    this.#follow(response);
    this.offsetBytes = parseOffset(response.headers.range) ?? 0;
  }

  /**
   * Sends the next bytes, once.
   * @param {Readable} body
   * @param {number} bytes how many are in it, 1 at least
   * @throws {CliError} with status 416, where the server is not where we thought
   */
  async send(body, bytes) {
    const first = this.offsetBytes;
    const response = await this.#client.once("PATCH", this.#location, {
      action: this.#action,
      expect: [202, 204, 201],
      headers: {
        "content-type": "application/octet-stream",
        "content-length": bytes,
        "content-range": `${first}-${first + bytes - 1}`,
      },
      body,
    });
    await discard(response);
    this.#follow(response);
    this.offsetBytes = parseOffset(response.headers.range) ?? first + bytes;
  }

  /**
   * Makes a blob of what was sent.
   * @param {string} digest
   * @param {string} [body] all of it, where nothing was sent before
   * @throws {CliError} mismatch, where it is something else
   */
  async commit(digest, body = "") {
    const url = new URL(this.#location);
    url.searchParams.set("digest", digest);
    const response = await this.#client.once("PUT", url, {
      action: this.#action,
      expect: [201, 204],
      headers: { "content-type": "application/octet-stream", "content-length": body.length },
      body,
    });
    await discard(response);
  }

  /** Ends it, so that the server need not keep what it has. */
  async cancel() {
    await this.#client.once("DELETE", this.#location, { action: this.#action, expect: [204, 202, 404] }).then(
      (response) => response.resume(),
      () => {},
    );
  }

  /** @param {IncomingMessage} response */
  #follow({ headers: { location } }) {
    if (location !== undefined) this.#location = new URL(location, this.#location);
  }
}

/**
 * Reads how many bytes an upload has from its `Range`, which names the last of them. None and one look the same,
 * `0-0`; none is what it nearly always is, and the other is found out by the 416 that follows.
 * @param {string | undefined} range
 * @returns {number | undefined}
 */
export function parseOffset(range) {
  const last = /^(?:bytes=)?0-([0-9]{1,15})$/.exec(range ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}
