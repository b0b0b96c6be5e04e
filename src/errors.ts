/**
 * The one kind of error that a client sees, and the one table of its codes.
 *
 * Code anywhere throws a {@link RegistryError}; `app.ts` alone turns it into a response, as RFC 9457 problem
 * details under `/v1` and as the distribution specification's error list under `/v2`.
 */

/** What a code means on the wire: status, RFC 9457 title, and the code the OCI distribution specification has for it. */
interface ErrorMeaning {
  readonly status: number;
  readonly title: string;
  readonly oci: OciErrorCode;
}

/** Error codes of the OCI distribution specification 1.1, section "Error Codes", and Docker's TOOMANYREQUESTS and UNKNOWN. */
export type OciErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNKNOWN"
  | "UNSUPPORTED";

const MEANINGS = {
  "invalid-request": { status: 400, title: "Invalid request", oci: "UNSUPPORTED" },
  "invalid-reference": { status: 400, title: "Invalid image reference", oci: "NAME_INVALID" },
  "invalid-digest": { status: 400, title: "Invalid digest", oci: "DIGEST_INVALID" },
  "upload-invalid": { status: 400, title: "Invalid upload", oci: "BLOB_UPLOAD_INVALID" },
  "size-mismatch": { status: 400, title: "Size does not match", oci: "SIZE_INVALID" },
  "unusable-manifest": { status: 400, title: "Invalid manifest", oci: "MANIFEST_INVALID" },
  "upstream-refused": { status: 400, title: "Refused by the upstream registry", oci: "UNSUPPORTED" },
  unauthorized: { status: 401, title: "Credentials needed", oci: "UNAUTHORIZED" },
  forbidden: { status: 403, title: "Not allowed", oci: "DENIED" },
  "registry-not-allowed": { status: 403, title: "Registry not configured", oci: "DENIED" },
  "upstream-denied": { status: 403, title: "Refused by the upstream registry", oci: "DENIED" },
  "signature-required": { status: 403, title: "Signature required", oci: "DENIED" },
  "link-invalid": { status: 403, title: "Link not valid", oci: "DENIED" },
  "link-expired": { status: 403, title: "Link expired", oci: "DENIED" },
  "link-revoked": { status: 403, title: "Link revoked", oci: "DENIED" },
  "link-used-up": { status: 403, title: "Link used up", oci: "DENIED" },
  "not-found": { status: 404, title: "Not found", oci: "UNSUPPORTED" },
  "image-unknown": { status: 404, title: "No such image", oci: "MANIFEST_UNKNOWN" },
  "repository-unknown": { status: 404, title: "No such repository", oci: "NAME_UNKNOWN" },
  "blob-unknown": { status: 404, title: "No such blob", oci: "BLOB_UNKNOWN" },
  "platform-unknown": { status: 404, title: "No image for this platform", oci: "MANIFEST_UNKNOWN" },
  "upload-unknown": { status: 404, title: "No such upload", oci: "BLOB_UPLOAD_UNKNOWN" },
  "manifest-blob-unknown": {
    status: 404,
    title: "Manifest names what is not there",
    oci: "MANIFEST_BLOB_UNKNOWN",
  },
  "link-unknown": { status: 404, title: "No such link", oci: "UNSUPPORTED" },
  "method-not-allowed": { status: 405, title: "Method not allowed", oci: "UNSUPPORTED" },
  unsupported: { status: 405, title: "Not supported", oci: "UNSUPPORTED" },
  "too-many-links": { status: 409, title: "Too many links", oci: "DENIED" },
  "precondition-failed": { status: 412, title: "Precondition failed", oci: "UNSUPPORTED" },
  "too-large": { status: 413, title: "Too large", oci: "SIZE_INVALID" },
  "quota-exceeded": { status: 413, title: "Quota exceeded", oci: "DENIED" },
  "not-a-sif-file": { status: 415, title: "Not a SIF file", oci: "BLOB_UPLOAD_INVALID" },
  "range-not-satisfiable": { status: 416, title: "Range not satisfiable", oci: "UNSUPPORTED" },
  "upload-out-of-order": { status: 416, title: "Upload out of order", oci: "BLOB_UPLOAD_INVALID" },
  "not-a-sif-image": { status: 422, title: "Not a SIF image", oci: "MANIFEST_INVALID" },
  "unsupported-digest": { status: 422, title: "Digest algorithm not supported", oci: "DIGEST_INVALID" },
  "invalid-sif": { status: 422, title: "Damaged SIF file", oci: "MANIFEST_INVALID" },
  "rate-limited": { status: 429, title: "Too many requests", oci: "TOOMANYREQUESTS" },
  "bad-configuration": { status: 500, title: "Service misconfigured", oci: "UNKNOWN" },
  "newer-data": { status: 500, title: "Stored by a newer version", oci: "UNKNOWN" },
  "internal-error": { status: 500, title: "Internal error", oci: "UNKNOWN" },
  "links-not-configured": { status: 501, title: "Links not configured", oci: "UNSUPPORTED" },
  "digest-mismatch": { status: 502, title: "Bytes do not match their digest", oci: "UNKNOWN" },
  "invalid-manifest": { status: 502, title: "Upstream sent an invalid manifest", oci: "MANIFEST_INVALID" },
  "upstream-unavailable": { status: 502, title: "Upstream registry unavailable", oci: "UNKNOWN" },
  "upstream-rate-limited": {
    status: 503,
    title: "Upstream registry limits requests",
    oci: "TOOMANYREQUESTS",
  },
  overloaded: { status: 503, title: "Service overloaded", oci: "TOOMANYREQUESTS" },
  "upstream-timeout": { status: 504, title: "Upstream registry timed out", oci: "UNKNOWN" },
} as const satisfies Record<string, ErrorMeaning>;

/** A stable kebab-case word that programs may rely on. */
export type ErrorCode = keyof typeof MEANINGS;

/** Whether a word is one of our codes: the test for errors that came over RPC, where classes do not survive. */
export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === "string" && Object.hasOwn(MEANINGS, word);
}

/** Optional facts of a {@link RegistryError}. */
export interface RegistryErrorOptions {
  /** Seconds after which asking again may help; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number | undefined;
  /** Further response headers that the status calls for, such as `Allow` or `Content-Range`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What went wrong underneath; logged, never sent. */
  readonly cause?: unknown;
}

/**
 * A failure that a client is told about. `message` becomes the problem's `detail`: it says what was asked, what was
 * found and what the caller can do, and never holds a secret, a token or a query string.
 */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RegistryError";
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return MEANINGS[this.code].status;
  }

  /** The RFC 9457 title of this error's code. */
  get title(): string {
    return MEANINGS[this.code].title;
  }

  /** The distribution specification's code for this error. */
  get ociCode(): OciErrorCode {
    return MEANINGS[this.code].oci;
  }
}
