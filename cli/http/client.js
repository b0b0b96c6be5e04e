/** The service, as the commands talk to it. */

import { CliError, errorCode, messageOf } from "../failure.js";
import { VERSION } from "../version.js";
import { Patience } from "./patience.js";
import { refusalOf } from "./refusal.js";
import { readText, send } from "./send.js";

/** @import { IncomingMessage } from "node:http" */
/** @import { Readable } from "node:stream" */

/** Failures in a row of a request that moves no file. */
const SMALL_ATTEMPTS = 3;
const MAX_JSON_BYTES = 32 * 1024 * 1024;

/** Errors of connections that another attempt does not mend: certificates, and no HTTP at all. */
const LASTING = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HPE_INVALID_CONSTANT)/;

/**
 * @typedef {object} ClientOptions
 * @property {string} origin the server's address, without a trailing slash
 * @property {string | undefined} token the access token
 * @property {number} idleMs how long nothing may move on a connection
 * @property {AbortSignal} signal ends every request
 * @property {(text: string) => void} note told of each further attempt
 */

/**
 * @typedef {object} CallOptions
 * @property {string} action what is done, for messages: `push "local/a:1"`
 * @property {readonly number[]} [expect] the statuses that are no failure; 200 when left out
 * @property {Readonly<Record<string, string | number>>} [headers]
 * @property {Readable | string} [body] a stream has to come with its Content-Length
 */

/** Speaks to one server, with one token. */
export class Client {
  /** @type {ClientOptions} */
  #options;

  /** @param {ClientOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @returns {string} */
  get origin() {
    return this.#options.origin;
  }

  /**
   * Counts the failures of a transfer.
   * @param {number} attempts
   */
  patience(attempts) {
    const { signal, note } = this.#options;
    return new Patience({ attempts, signal, note });
  }

  /**
   * One request, once.
   * @param {string} method
   * @param {string | URL} target path with query, or a URL; another server's never sees the token
   * @param {CallOptions} options
   * @returns {Promise<IncomingMessage>} its body must be read, or destroyed
   * @throws {CliError} for every status that is not expected, and for a connection that fails
   */
  async once(method, target, { action, expect = [200], headers = {}, body }) {
    const { origin, token, idleMs, signal } = this.#options;
    const url = new URL(target, origin);
    const authorization =
      token !== undefined && url.origin === origin ? { authorization: `Bearer ${token}` } : {};
    const all = {
      "user-agent": `sif-edge/${VERSION}`,
      "accept-encoding": "identity",
      ...authorization,
      ...headers,
    };
    /** @type {IncomingMessage} */
    let response;
    try {
      response = await send({ method, url, headers: all, body, idleMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw connectionFailure(error, action, url.origin);
    }
    if (expect.includes(response.statusCode ?? 0)) return response;
    throw await refusalOf(response, action);
  }

  /**
   * One request that may be repeated, until it is answered. The answer's body does not matter.
   * @param {string} method
   * @param {string | URL} target
   * @param {CallOptions & {readonly body?: string}} options
   * @returns {Promise<IncomingMessage>} read to its end
   * @throws {CliError}
   */
  async call(method, target, options) {
    return this.persist(SMALL_ATTEMPTS, async () => {
      const response = await this.once(method, target, options);
      await discard(response);
      return response;
    });
  }

  /**
   * As {@link call}, for an answer in JSON.
   * @param {string} method
   * @param {string | URL} target
   * @param {CallOptions & {readonly body?: string}} options
   * @returns {Promise<{body: any, response: IncomingMessage}>}
   * @throws {CliError}
   */
  async json(method, target, options) {
    return this.persist(SMALL_ATTEMPTS, async () => {
      const response = await this.once(method, target, options);
      return { body: await this.#readJson(response, options.action), response };
    });
  }

  /**
   * Does something that may be repeated, until it succeeds.
   * @template T
   * @param {number} attempts failures that end it
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async persist(attempts, act) {
    const patience = this.patience(attempts);
    for (;;) {
      try {
        return await act();
      } catch (error) {
        await patience.failed(error);
      }
    }
  }

  /**
   * @param {IncomingMessage} response
   * @param {string} action
   * @returns {Promise<any>}
   */
  async #readJson(response, action) {
    /** @type {string} */
    let text;
    try {
      text = await readText(response, MAX_JSON_BYTES);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw connectionFailure(error, action, this.origin);
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new CliError(
        "failure",
        `Cannot ${action}: "${this.origin}" answers no JSON; is it a sif-edge service?`,
        {
          cause: error,
        },
      );
    }
  }
}

/**
 * Reads a response's body to its end, where nothing in it matters, so that the connection can be used again.
 * @param {IncomingMessage} response
 */
export async function discard(response) {
  await readText(response, Infinity).catch(() => "");
}

/**
 * A failure of the connection itself, while asking or while reading.
 * @param {unknown} error
 * @param {string} action
 * @param {string} origin
 * @returns {CliError}
 */
export function connectionFailure(error, action, origin) {
  const code = errorCode(error);
  const what = `Cannot ${action}: connection to "${origin}"`;
  if (code === "ECONNREFUSED")
    return new CliError("unavailable", `${what} refused; is the service running there`);
  if (code !== undefined && LASTING.test(code)) {
    return new CliError("failure", `${what} failed: ${messageOf(error)} (${code})`, { cause: error });
  }
  return new CliError("unavailable", `${what} failed: ${messageOf(error) || code || "no reason given"}`, {
    cause: error,
  });
}
