/** What the conformance tests ask the Worker for. */

import { expect } from "vitest";
import { bearer, edge } from "../worker/edge.ts";

/** Codes of the section "Error Codes", and Docker's two. */
const CODES = [
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "SIZE_INVALID",
  "UNAUTHORIZED",
  "DENIED",
  "UNSUPPORTED",
  "TOOMANYREQUESTS",
  "UNKNOWN",
];

/** Asks the Worker as someone who may read everything. */
export function registry(
  path: string,
  init: { method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return edge(`/v2/${path}`, { ...init, headers: { ...bearer("reader"), ...init.headers } });
}

/** Checks that an answer is an error as the specification has them, and returns its code. */
export async function errorCode(response: Response): Promise<string> {
  expect(response.headers.get("Content-Type")).toBe("application/json");
  const { errors } = await response.json<{ errors: { code: string; message: string }[] }>();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toMatch(/./);
  expect(CODES).toContain(errors[0]?.code);
  return errors[0]?.code ?? "";
}
