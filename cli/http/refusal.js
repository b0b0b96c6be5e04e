/** What a server's refusal means to the user. */

import { CliError } from "../failure.js";
import { printable } from "../text.js";
import { parseRetryAfter } from "./patience.js";
import { readText } from "./send.js";

/** @import { IncomingMessage } from "node:http" */
/** @import { FailureKind } from "../failure.js" */

const MAX_BODY_BYTES = 64 * 1024;
const MAX_SHOWN_CHARACTERS = 600;

/**
 * Kinds by the server's code, where the status alone does not tell: those of `/v1`, and the OCI distribution
 * specification's.
 * @type {ReadonlyMap<string, FailureKind>}
 */
const KINDS_BY_CODE = new Map([
  ["invalid-reference", "usage"],
  ["invalid-request", "usage"],
  ["invalid-digest", "usage"],
  ["digest-mismatch", "mismatch"],
  ["not-a-sif-file", "not-a-sif"],
  ["not-a-sif-image", "not-a-sif"],
  ["invalid-sif", "not-a-sif"],
  ["invalid-manifest", "failure"],
  ["DIGEST_INVALID", "mismatch"],
  ["SIZE_INVALID", "mismatch"],
  ["NAME_INVALID", "usage"],
]);

/**
 * @typedef {object} Problem
 * @property {string} detail
 * @property {string | undefined} code
 */

/**
 * Makes an error of a response, whose body it reads.
 * @param {IncomingMessage} response
 * @param {string} action what was tried, for the message: `push "local/a:1"`
 * @returns {Promise<CliError>}
 */
export async function refusalOf(response, action) {
  const status = response.statusCode ?? 0;
  const problem = readProblem(await readText(response, MAX_BODY_BYTES).catch(() => ""));
  const retryAfterSeconds = parseRetryAfter(response.headers["retry-after"], Date.now());
  const told = problem?.detail.startsWith("Cannot ")
    ? problem.detail
    : `Cannot ${action}: the server answered ${status}${problem === undefined ? "" : `, "${problem.detail}"`}`;
  return new CliError(
    KINDS_BY_CODE.get(problem?.code ?? "") ?? kindOf(status),
    told + advice(status, response.headers.location),
    { code: problem?.code, status, retryAfterSeconds },
  );
}

/**
 * @param {number} status
 * @returns {FailureKind}
 */
function kindOf(status) {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "not-found";
  if (status === 408 || status === 429) return "unavailable";
  // 520 to 530 are Cloudflare's, for an origin that did not answer well.
  if ([502, 503, 504].includes(status) || (status >= 520 && status <= 530)) return "unavailable";
  return "failure";
}

/**
 * @param {number} status
 * @param {string | undefined} location
 */
function advice(status, location) {
  if (status === 401) return "; sign in with: sif-edge login";
  if (status >= 300 && status < 400 && location !== undefined) {
    return `; it leads to "${printable(location)}": give that server's own address`;
  }
  return "";
}

/**
 * Reads problem details (RFC 9457) or the OCI distribution specification's list of errors.
 * @param {string} text
 * @returns {Problem | undefined} undefined where it is neither
 */
export function readProblem(text) {
  /** @type {any} */
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const error = body?.errors?.[0];
  // Our own registry tells the finer code of /v1 in the detail.
  const codes = error === undefined ? [body?.code] : [error?.detail?.code, error?.code];
  /** @type {string | undefined} */
  const code = codes.find((value) => typeof value === "string");
  /** @type {string | undefined} */
  const detail = [error?.message, body?.detail, code].find((value) => typeof value === "string");
  if (detail === undefined) return undefined;
  return { detail: printable(detail.slice(0, MAX_SHOWN_CHARACTERS)), code };
}
