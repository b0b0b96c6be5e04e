/**
 * One HTTP request. `node:http` rather than `fetch`: a body that is streamed has a Content-Length, and an answer that
 * comes before the body is through is seen.
 */

import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

/**
 * @typedef {object} HttpRequest
 * @property {string} method
 * @property {URL} url
 * @property {Readonly<Record<string, string | number>>} headers
 * @property {Readable | string | undefined} body a stream is destroyed when the request has ended
 * @property {number} idleMs how long nothing may move on the connection
 * @property {AbortSignal} signal
 */

/**
 * Sends a request; redirects are not followed.
 * @param {HttpRequest} request
 * @returns {Promise<http.IncomingMessage>} its body must be read, or destroyed
 */
export async function send({ method, url, headers, body, idleMs, signal }) {
  const { request } = url.protocol === "https:" ? https : http;
  try {
    return await new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers: { ...headers }, signal });
      /** @type {http.IncomingMessage | undefined} */
      let answer;
      outgoing.setTimeout(idleMs, () => {
        // Whoever reads the answer is told by it, not by the request.
        (answer ?? outgoing).destroy(new Error(`nothing came or went for ${Math.round(idleMs / 1000)} s`));
      });
      outgoing.once("response", (response) => {
        answer = response;
        resolve(response);
      });
      // More than one may come, and an unheard one would end the process.
      outgoing.on("error", reject);
      if (!(body instanceof Readable)) {
        outgoing.end(body);
        return;
      }
      body.once("error", (error) => outgoing.destroy(error));
      body.pipe(outgoing);
    });
  } finally {
    if (body instanceof Readable) body.destroy();
  }
}

/**
 * The start of a body as text; the rest is not waited for.
 * @param {Readable} response
 * @param {number} limitBytes
 * @returns {Promise<string>}
 */
export async function readText(response, limitBytes) {
  /** @type {Buffer[]} */
  const chunks = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= limitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, limitBytes).toString("utf8");
}
