/** Errors as they are sent: RFC 9457 under `/v1`, the distribution specification's under `/v2`. */

import type { ErrorCode, OciErrorCode, RegistryError } from "../errors.ts";

/** The media type of {@link Problem}. */
export const PROBLEM_JSON = "application/problem+json";

/** Problem details, RFC 9457 section 3.1; `code` is ours. */
export interface Problem {
  /** A name for the kind of problem; it leads nowhere. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
}

/** The error list of the OCI distribution specification 1.1, section "Error Codes". */
export interface OciErrors {
  readonly errors: readonly {
    readonly code: OciErrorCode;
    readonly message: string;
    /** The finer code that `/v1` has for the same error. */
    readonly detail: { readonly code: ErrorCode };
  }[];
}

/** An error as problem details. */
export function problem(error: RegistryError): Problem {
  return {
    type: `urn:sif-edge:problem:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
  };
}

/** An error as the distribution specification has it. */
export function ociErrors(error: RegistryError): OciErrors {
  return { errors: [{ code: error.ociCode, message: error.message, detail: { code: error.code } }] };
}
