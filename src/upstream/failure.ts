/** Turning an upstream's refusal into the error that our own client is told. */

import { type ErrorCode, RegistryError } from "../errors.ts";
import { readJson } from "../oci/json.ts";
import { readBeginning } from "./read-body.ts";
import { scrub } from "./redact.ts";
import type { Landed } from "./redirects.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/** What was being done when the upstream refused. */
export interface FailureContext {
  /** What follows "Cannot", as in `get manifest "org/tool:1.0" of "ghcr.io"`. */
  readonly action: string;
  /** What a 404 means here. */
  readonly missing: ErrorCode;
  /** Who answers. @default "the registry" */
  readonly who?: string;
  /** Whether credentials were to hand, for the advice. */
  readonly hasCredentials: boolean;
  /** Whether something was to be changed: then a refusal is told as what it is. @default false */
  readonly writes?: boolean;
  /** Whether the registry's own words stay out of it, beside its code: they may name what not all may know who are told. @default false */
  readonly wordless?: boolean;
  /** Texts that the upstream may repeat but the error may not. */
  readonly secrets: readonly string[];
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

/** Enough for an error; the rest of a web page is of no interest. */
const MAX_ERROR_BYTES = 8 * 1024;
const MAX_ERROR_MS = 5_000;

/** Codes by which registries say that there is no such thing, under statuses of their own choice. */
const MISSING_CODES: ReadonlySet<string> = new Set([
  "BLOB_UNKNOWN",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "NOT_FOUND",
  "TAG_INVALID",
]);

/** What registries call their refusals of what is pushed, by the distribution specification's codes. */
const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  BLOB_UNKNOWN: "blob-unknown",
  BLOB_UPLOAD_INVALID: "upload-invalid",
  BLOB_UPLOAD_UNKNOWN: "upload-unknown",
  DIGEST_INVALID: "invalid-digest",
  MANIFEST_BLOB_UNKNOWN: "manifest-blob-unknown",
  MANIFEST_INVALID: "unusable-manifest",
  MANIFEST_UNKNOWN: "image-unknown",
  NAME_UNKNOWN: "repository-unknown",
  SIZE_INVALID: "size-mismatch",
  UNSUPPORTED: "unsupported",
};

/** Codes by which OAuth2 services refuse credentials with status 400 (RFC 6749 section 5.2). */
const DENIED_CODES: ReadonlySet<string> = new Set([
  "access_denied",
  "invalid_client",
  "invalid_grant",
  "invalid_scope",
  "unauthorized_client",
]);

/**
 * The error for an answer that is not the wanted one. Reads the beginning of its body for the upstream's own reason, and
 * lets go of the rest.
 */
export async function answerError(landed: Landed, context: FailureContext): Promise<RegistryError> {
  const { response, home } = landed;
  const options = { maxBytes: MAX_ERROR_BYTES, timeoutMs: MAX_ERROR_MS, signal: context.signal };
  const reason = readReason(await readBeginning(response, options));
  const code =
    (context.writes === true && home ? refusalOf(response.status, reason?.code) : undefined) ??
    codeOf(response.status, home, reason?.code, context.missing);
  const words = context.wordless === true ? reason?.code : reason?.text;
  const said = words === undefined ? "" : ` (${scrub(words, context.secrets)})`;
  const who = home ? (context.who ?? "the registry") : "the storage that it redirects to";
  const message = `Cannot ${context.action}: ${who} answered ${response.status}${said}${advice(code, context)}`;
  return new RegistryError(code, message, {
    retryAfterSeconds: retryAfterSeconds(response.headers.get("retry-after"), context.now()),
  });
}

/** `undefined` where it is no refusal of what was asked, but of who asks, or no refusal at all. */
function refusalOf(status: number, reason: string | undefined): ErrorCode | undefined {
  if (status === 401 || status === 403 || status === 429 || status < 400 || status >= 500) {
    return status === 501 ? "unsupported" : undefined;
  }
  const known = reason !== undefined && Object.hasOwn(REFUSALS, reason) ? REFUSALS[reason] : undefined;
  if (known !== undefined) return known;
  if (status === 404 || status === 410) return undefined;
  if (status === 405) return "unsupported";
  if (status === 413) return "too-large";
  return status === 416 ? "upload-out-of-order" : "upstream-refused";
}

function codeOf(status: number, home: boolean, reason: string | undefined, missing: ErrorCode): ErrorCode {
  if (status === 404 || status === 410) return missing;
  if (status === 429) return "upstream-rate-limited";
  // A storage that refuses an address which the registry has just made is at odds with it; the caller is not to blame.
  if (status === 401 || status === 403) return home ? "upstream-denied" : "upstream-unavailable";
  if (status === 400 && reason !== undefined) {
    if (MISSING_CODES.has(reason)) return missing;
    if (DENIED_CODES.has(reason)) return "upstream-denied";
  }
  return "upstream-unavailable";
}

function advice(code: ErrorCode, { hasCredentials }: FailureContext): string {
  if (code !== "upstream-denied") return "";
  return hasCredentials
    ? "; check that the credentials in use may do this"
    : "; it may be private or not exist, and no credentials were given";
}

interface Reason {
  readonly code: string | undefined;
  readonly text: string;
}

/**
 * The reason in an error body: the distribution specification's list, the token services' `details`, or OAuth's
 * `error_description`. Whatever else there is, such as a web page, is not repeated.
 */
function readReason(bytes: Uint8Array): Reason | undefined {
  const json = readJson(bytes);
  const body = json.ok ? asObject(json.value) : undefined;
  if (body === undefined) return undefined;
  const first = Array.isArray(body["errors"]) ? asObject((body["errors"] as readonly unknown[])[0]) : body;
  const code = text(first?.["code"]) ?? text(first?.["error"]);
  const message = text(first?.["message"]) ?? text(first?.["error_description"]) ?? text(first?.["details"]);
  const parts = [code, message].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : { code, text: parts.join(": ") };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
